#include "lsm/retention.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace nacre {

Retention::Retention(std::vector<Seq> readers, BelowFn may_exist_below)
    : readers_(std::move(readers)), may_exist_below_(std::move(may_exist_below)) {
  NACRE_CHECK(!readers_.empty() && std::is_sorted(readers_.begin(), readers_.end()));
}

/// The index of the oldest reader that sees `seq`; readers_.size() when none does yet.
std::size_t Retention::stripe_of(Seq seq) const {
  if (seq <= readers_.front()) return 0;
  return static_cast<std::size_t>(std::lower_bound(readers_.begin(), readers_.end(), seq) -
                                  readers_.begin());
}

Verdict Retention::decide(const Entry& entry) {
  NACRE_DCHECK(is_known(kind_of(entry.trailer)));
  const Seq seq = seq_of(entry.trailer);
  const std::size_t stripe = stripe_of(seq);
  const bool same_key = begun_ && entry.key == key_;
  NACRE_DCHECK(!begun_ || key_ <= entry.key);
  NACRE_DCHECK(!same_key || stripe <= stripe_);
  const bool hidden = same_key && stripe == stripe_;
  if (!same_key) key_.assign(entry.key);
  stripe_ = stripe;
  begun_ = true;

  if (stripe == readers_.size()) return Verdict::kKeep;  // K3
  if (hidden) return Verdict::kDrop;                     // K1
  const bool is_delete = kind_of(entry.trailer) == Kind::kDelete;
  const bool could_be_simpler = is_delete || seq != 0;
  if (stripe == 0 && could_be_simpler && !may_exist_below_(entry.key)) {  // K2
    return is_delete ? Verdict::kDrop : Verdict::kKeepZeroed;
  }
  return Verdict::kKeep;
}

}  // namespace nacre
