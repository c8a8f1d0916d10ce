// A folder for tests of packs that touch files, gone at the end.
#ifndef FOLDER_H
#define FOLDER_H

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "temp_folder.h"

class Folder
{
  public:
    Folder()
    {
        std::string name = (std::filesystem::temp_directory_path() / "micropipe-test-XXXXXX").string();
        path_ = mkdtemp(&name[0]);
    }
    ~Folder()
    {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Folder(const Folder &) = delete;
    Folder &operator=(const Folder &) = delete;

    std::string path(const std::string &name = "") const { return name.empty() ? path_ : path_ + "/" + name; }

    Folder &put(const std::string &name, const std::string &bytes)
    {
        std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
        std::ofstream(path(name), std::ios::binary) << bytes;
        return *this;
    }

    // All files below, by name.
    std::map<std::string, std::string> files() const
    {
        std::map<std::string, std::string> all;
        for (const auto &entry : std::filesystem::recursive_directory_iterator(path_))
            if (entry.is_regular_file() && !entry.is_symlink())
                all[std::filesystem::relative(entry.path(), path_).string()] = content(entry.path());
        return all;
    }

    static std::string content(const std::string &file) { return harness::read_file(file); }

  private:
    std::string path_;
};

#endif
