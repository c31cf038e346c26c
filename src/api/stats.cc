#include "nacre/stats.h"

#include <cstdarg>
#include <cstdio>

#include "base/text.h"

namespace nacre {

namespace {

[[gnu::format(printf, 2, 3)]] void line(std::string& out, const char* format, ...) {
  char text[256];
  std::va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  out += text;
  out += '\n';
}

double percent(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

void latency_line(std::string& out, const char* name, const Latency& latency) {
  if (latency.count == 0) return;
  line(out, "  %-6s p50 %-9s p99 %-9s p99.9 %-9s max %-9s (%llu timed)", name,
       human_nanos(latency.p50).c_str(), human_nanos(latency.p99).c_str(),
       human_nanos(latency.p999).c_str(), human_nanos(latency.max).c_str(),
       static_cast<unsigned long long>(latency.count));
}

unsigned long long ull(std::uint64_t value) { return value; }

}  // namespace

double Stats::write_amplification() const {
  std::uint64_t written = wal_bytes;
  for (const LevelStats& level : levels) written += level.bytes_written;
  return user_bytes == 0 ? 0 : static_cast<double>(written) / static_cast<double>(user_bytes);
}

double Stats::space_amplification() const {
  std::uint64_t total = 0;
  std::uint64_t deepest = 0;
  for (const LevelStats& level : levels) {
    total += level.bytes;
    if (level.bytes != 0) deepest = level.bytes;
  }
  return deepest == 0 ? 0 : static_cast<double>(total) / static_cast<double>(deepest);
}

std::string Stats::to_text() const {
  std::string out;
  line(out, "level  tables       size     entries    deletes  read by comp.    written");
  for (std::size_t i = 0; i < levels.size(); ++i) {
    const LevelStats& level = levels[i];
    if (level.tables == 0 && level.bytes_written == 0) continue;
    line(out, "%5zu  %6llu %10s  %10llu %10llu     %10s %10s", i, ull(level.tables),
         human_bytes(level.bytes).c_str(), ull(level.entries), ull(level.deletes),
         human_bytes(level.bytes_read).c_str(), human_bytes(level.bytes_written).c_str());
  }
  line(out, "amplification  write %.2f, space %.2f", write_amplification(), space_amplification());
  line(out, "writes         %llu puts, %llu removes in %llu commits, %s of user data", ull(puts),
       ull(removes), ull(commits), human_bytes(user_bytes).c_str());
  line(out, "wal            %s written, %llu syncs", human_bytes(wal_bytes).c_str(),
       ull(wal_syncs));
  line(out, "background     %llu flushes, %llu compactions, %llu moves, %s to compact",
       ull(flushes), ull(compactions), ull(moves), human_bytes(pending_compaction_bytes).c_str());
  line(out, "reads          %llu gets, %llu found, %llu in memtables; %llu cursors", ull(gets),
       ull(gets_found), ull(memtable_hits), ull(cursors));
  line(out, "tables asked   %llu, filters ruled out %.1f %%", ull(tables_asked),
       percent(filter_skips, tables_asked));
  line(out, "block cache    %.1f %% hits (%llu of %llu), %s",
       percent(block_hits, block_hits + block_reads), ull(block_hits),
       ull(block_hits + block_reads), human_bytes(cache_bytes).c_str());
  line(out, "memory         %s of %s: %s memtables (%llu), %s indexes and filters",
       human_bytes(memory_used).c_str(), human_bytes(memory_limit).c_str(),
       human_bytes(memtable_bytes).c_str(), ull(memtables),
       human_bytes(table_memory_bytes).c_str());
  line(out, "stalls         %llu, %s in all", ull(stalls), human_nanos(stall_nanos).c_str());
  line(out, "snapshots      %llu open; last seq %llu", ull(snapshots), ull(last_seq));
  latency_line(out, "get", get_latency);
  latency_line(out, "put", put_latency);
  latency_line(out, "sync", sync_latency);
  return out;
}

}  // namespace nacre
