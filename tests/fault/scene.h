// A folder with a small pipeline, and what may become of it when something fails.
#pragma once

#include <string>

#include "temp_folder.h"
#include "trial.h"

namespace fault
{

// Four lines, of which one is refused into a dead letter: the rest goes to out.txt.
class Scene
{
  public:
    Scene();
    const std::string path() const { return folder_.path(); }
    const harness::TempFolder &folder() const { return folder_; }

    // What is wrong with the end of `micropipe run p.cfg`: empty if nothing is. It either did all (status 3, every line
    // but the refused one in out.txt once, the dead letter whole), or says why not, in the words of the program, and
    // wrote no line twice or in part.
    std::string wrong_with_run(const Outcome &o, bool may_blame_configuration) const;

  private:
    std::string wrong_with_files(bool all) const;
    harness::TempFolder folder_;
};

// What no run of any command may do, whatever fails: empty if it did not.
std::string wrong_with_any(const Outcome &o);

} // namespace fault
