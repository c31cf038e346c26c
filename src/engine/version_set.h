// version_set.h - the one door to the next version.
//
// install() applies an edit to the current version, makes it durable in the manifest, swaps the
// view, and only then lets the replaced files go.
//
// THREADS    any; installs are serialized, and hold no other lock while they write.
// INVARIANT  (V-order) file synced, its directory synced, edit synced in the manifest, version
//            visible, old files condemned: in this order and no other.
//            (V-fail) a manifest that failed is never written again: the next version goes into a
//            new one, or the store turns read-only. Files of an edit whose fate is unknown stay.
#pragma once

#include <functional>
#include <memory>
#include <mutex>

#include "engine/context.h"
#include "engine/file_numbers.h"
#include "engine/view.h"
#include "lsm/edit.h"
#include "lsm/manifest.h"

namespace nacre::engine {

class VersionSet {
 public:
  VersionSet(Context& context, CurrentView& view, FileNumbers& numbers)
      : context_(context), view_(view), numbers_(numbers) {}

  /// Takes over what recovery read and writes it to a new manifest.
  Status start(const StoreIdentity& identity, VersionPtr version, const nacre::Counters& counters,
               FileNumber wal_floor);

  /// `also` changes the view together with the version (a flush takes its memtable out). Tables
  /// added by the edit are in `added`.
  Status install(Edit edit, const std::vector<TablePtr>& added,
                 const std::function<void(View&)>& also = {});

  /// Raises the bound of wal segments that recovery needs.
  FileNumber wal_floor();

 private:
  Status persist(const Edit& edit, const Version& next);
  Status write_new_manifest(const Version& version);
  Edit snapshot_of(const Version& version) const;

  Context& context_;
  CurrentView& view_;
  FileNumbers& numbers_;
  std::mutex install_;  // held over the whole of an install
  StoreIdentity identity_;
  nacre::Counters counters_;
  std::unique_ptr<Manifest> manifest_;
  FileNumber manifest_number_{};
};

}  // namespace nacre::engine
