#include "wal/wal_render.h"

#include "base/try.h"

namespace nacre {

namespace {

std::string render_header(const WalReader& reader) {
  const WalHeader& header = *reader.header();
  std::string out = "segment " + std::to_string(raw(header.identity.number));
  if (raw(header.previous) != 0) {
    out += " after segment " + std::to_string(raw(header.previous));
    out += reader.begun() ? " of " + std::to_string(*reader.previous_length()) + " bytes"
                          : std::string(", not begun");
    if (header.made_ahead) out += ", made ahead";
  }
  return out + "\n";
}

std::string render_record(const WalRecord& record) {
  std::string out = std::to_string(record.offset) + ": seq " + std::to_string(record.first_seq) +
                    ", " + std::to_string(record.payload.size()) + " bytes";
  if (record.synced_to != 0) out += ", synced to " + std::to_string(record.synced_to);
  return out + "\n";
}

std::string render_stop(const WalStop& stop) {
  std::string out = std::string(stop_name(stop.kind)) + " at " + std::to_string(stop.offset);
  if (stop.dropped_bytes != 0) out += ", dropped " + std::to_string(stop.dropped_bytes) + " bytes";
  if (!stop.what.empty()) out += ": " + stop.what;
  return out + "\n";
}

}  // namespace

Result<std::string> render_wal(WalReader& reader) {
  std::string out;
  if (reader.header()) out += render_header(reader);
  while (true) {
    const std::optional<WalRecord> record = NACRE_TRY(reader.next());
    if (!record) break;
    out += render_record(*record);
  }
  return out + render_stop(reader.stop());
}

}  // namespace nacre
