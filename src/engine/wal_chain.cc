#include "engine/wal_chain.h"

#include <algorithm>
#include <cstdint>

#include "base/check.h"

namespace nacre::engine {

namespace {

/// What a segment leads to when one follows the headers backwards.
enum class Root : std::uint8_t { kFirst, kFresh, kMissing, kNoHeader };

struct Place {
  Root root = Root::kNoHeader;
  std::size_t before = 0;  // the index of its predecessor
};

Place place_of(const std::vector<ChainLink>& links, const std::vector<Place>& places,
               const ChainLink& link) {
  if (!link.has_header) return {};
  if (raw(link.previous) == 0) return {.root = Root::kFresh};
  for (std::size_t i = places.size(); i-- > 0;) {
    if (links[i].number != link.previous) continue;
    const bool known = places[i].root != Root::kNoHeader;
    return {.root = known ? places[i].root : Root::kMissing, .before = i};
  }
  return {.root = Root::kMissing};
}

}  // namespace

WalChain find_chain(const std::vector<ChainLink>& links) {
  NACRE_CHECK(!links.empty());
  std::vector<Place> places = {{.root = Root::kFirst}};
  for (std::size_t i = 1; i < links.size(); ++i) {
    places.push_back(place_of(links, places, links[i]));
  }
  WalChain chain;
  std::size_t newest = links.size() - 1;
  while (newest != 0 && (places[newest].root != Root::kFirst || !links[newest].begun)) --newest;
  for (std::size_t i = newest; i != 0; i = places[i].before) chain.members.push_back(i);
  chain.members.push_back(0);
  std::reverse(chain.members.begin(), chain.members.end());
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (places[i].root == Root::kFresh) chain.fresh.push_back(i);
    if (places[i].root == Root::kMissing && i > newest && !chain.stray.has_value()) {
      chain.stray = i;
    }
  }
  return chain;
}

}  // namespace nacre::engine
