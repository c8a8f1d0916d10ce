// Keeps the pages of a pipeline's memory that no recording looks at as they are.
//
// They are read-only. Who writes to one all the same gets it, and it is noted, to be put back and
// compared, since a store that changed something would be a state that a recording has missed.
#ifndef PAGE_STASH_H
#define PAGE_STASH_H

#include <cstdint>
#include <vector>

#include "sweep.h"

class PageStash
{
  public:
    // All of `memory` but the pages in `recorded`.
    PageStash(Region memory, const std::vector<Region> &recorded);
    PageStash(const PageStash &) = delete;
    PageStash &operator=(const PageStash &) = delete;
    ~PageStash();

    void PutBack();

    // True if all pages hold what they held at first, whoever wrote to them, in any process.
    bool NothingChanged() const;

    // In a forked child, where nobody puts back.
    void LetGo() const;

  private:
    bool Give(uintptr_t page);

    struct Handler;
    friend struct Handler;

    Region memory_;
    std::vector<Region> guarded_;
    std::vector<uint8_t> before_;  // the whole memory
    std::vector<uintptr_t> aside_; // pages that were written to
};

#endif
