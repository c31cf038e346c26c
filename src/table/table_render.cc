// Part of table_reader.h: the layout as text.
#include "base/text.h"
#include "table/table_reader.h"

namespace nacre {
namespace {

std::string section_name(SectionId id) {
  switch (id) {
    case SectionId::kIndex:
      return "index";
    case SectionId::kFilter:
      return "filter";
    case SectionId::kProperties:
      return "properties";
  }
  return "section " + std::to_string(static_cast<std::uint32_t>(id));
}

std::string place(std::uint64_t offset, std::uint64_t bytes) {
  return " at " + std::to_string(offset) + " + " + std::to_string(bytes);
}

}  // namespace

std::string TableReader::render() const {
  const TableProperties& p = properties_;
  std::string out = "table " + std::to_string(raw(number())) + ": " + std::to_string(file_bytes()) +
                    " bytes, " + std::to_string(p.entries) + " entries, " +
                    std::to_string(p.deletes) + " deletes, seqs " + std::to_string(p.min_seq) +
                    "-" + std::to_string(p.max_seq) + "\n";
  out += "keys [" + escape(p.smallest) + ".." + escape(p.largest) + "], " +
         std::to_string(p.key_bytes) + " bytes; values " + std::to_string(p.value_bytes) +
         " bytes; codec " + std::string(codec_name(p.codec)) + "\n";
  for (const auto& [name, text] : p.notes) out += escape(name) + ": " + escape(text) + "\n";
  for (const Section& section : sections_) {
    out += section_name(section.id) + place(section.offset, section.length) + "\n";
  }
  out += "directory" + place(footer_.directory_offset, footer_.directory_length) + "\n";
  const TableIndex& index = stored_.index;
  for (std::uint32_t i = 0; i < index.count(); ++i) {
    out += "block " + std::to_string(i) + place(index.offset(i), index.stored_bytes(i)) + ", " +
           std::to_string(index.entries(i)) + " entries, up to " +
           escape(std::string(index.prefix()) + std::string(index.separator_suffix(i))) +
           (index.spills(i) ? ", spills\n" : "\n");
  }
  return out;
}

}  // namespace nacre
