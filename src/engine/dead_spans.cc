#include "engine/dead_spans.h"

#include <algorithm>

#include "base/text.h"

namespace nacre::engine {

namespace {

/// The smallest key after `key`.
std::string successor(std::string_view key) {
  std::string next(key);
  next += '\0';
  return next;
}

}  // namespace

DeadSpans::Spans::iterator DeadSpans::first_ending_after(Spans& spans, std::string_view key) {
  return std::partition_point(spans.begin(), spans.end(),
                              [&](const Span& span) { return span.upper <= key; });
}

void DeadSpans::cut(std::string_view key) {
  auto state = state_.lock();
  Spans& spans = state->spans;
  if (++state->puts_unused > kPutsUnused) {
    spans.clear();
    return changed(spans);
  }
  const auto span = first_ending_after(spans, key);
  if (span == spans.end() || key < span->lower) return;
  Span rest = {successor(key), span->upper, span->since, span->proven};
  span->upper = key;
  const bool left = span->lower < span->upper;
  const bool right = rest.lower < rest.upper;
  if (left && right) {
    spans.insert(span + 1, std::move(rest));
    if (spans.size() > kSpansMax) spans.erase(spans.begin());
  } else if (right) {
    *span = std::move(rest);
  } else if (!left) {
    spans.erase(span);
  }
  changed(spans);
}

void DeadSpans::note(std::string_view lower, std::string_view upper, Seq seq, Seq last_seq) {
  if (lower >= upper) return;
  auto state = state_.lock();
  Spans& spans = state->spans;
  state->puts_unused = 0;
  for (auto span = first_ending_after(spans, lower); span != spans.end() && span->lower < upper;
       ++span) {
    if (span->proven || span->since > seq) continue;
    // Watched since before this walk's seq, and seen dead by it: that much is proven.
    if (span->lower < lower) span->lower = lower;
    if (span->upper > upper) span->upper = upper;
    span->since = seq;
    span->proven = true;
  }
  watch_gaps(spans, lower, upper, last_seq);
  join_neighbours(spans);
  while (spans.size() > kSpansMax) spans.erase(spans.begin());
  changed(spans);
}

/// Begins to watch what no span covers yet of [lower, upper).
void DeadSpans::watch_gaps(Spans& spans, std::string_view lower, std::string_view upper,
                           Seq since) {
  std::string at(lower);
  auto span = first_ending_after(spans, lower);
  for (; span != spans.end() && span->lower < upper; ++span) {
    if (at < span->lower) {
      span = spans.insert(span, {at, span->lower, since, false}) + 1;
    }
    at = span->upper;
  }
  if (at < upper) spans.insert(span, {at, std::string(upper), since, false});
}

void DeadSpans::join_neighbours(Spans& spans) {
  for (std::size_t i = 1; i < spans.size();) {
    Span& left = spans[i - 1];
    Span& right = spans[i];
    if (left.upper != right.lower || left.proven != right.proven) {
      ++i;
      continue;
    }
    left.since = std::max(left.since, right.since);
    left.upper = std::move(right.upper);
    spans.erase(spans.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

std::optional<DeadSpans::Bounds> DeadSpans::find(std::string_view key, Seq seq) {
  auto state = state_.lock();
  const auto span = first_ending_after(state->spans, key);
  if (span == state->spans.end() || key < span->lower || !span->proven || span->since > seq) {
    return std::nullopt;
  }
  state->puts_unused = 0;
  return Bounds{span->lower, span->upper};
}

std::string DeadSpans::render() const {
  auto state = state_.lock();
  std::string text;
  for (const Span& span : state->spans) {
    text += (text.empty() ? "[" : "; [") + escape(span.lower) + ", " + escape(span.upper) +
            (span.proven ? ") from " : ") watched from ") + std::to_string(span.since);
  }
  return text.empty() ? "none" : text;
}

}  // namespace nacre::engine
