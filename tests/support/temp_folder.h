// A folder that is gone, with all that is in it, when the test ends; and whole files in one call.
#ifndef TEMP_FOLDER_H
#define TEMP_FOLDER_H

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>

namespace harness
{

class TempFolder
{
  public:
    TempFolder()
    {
        std::string name = (std::filesystem::temp_directory_path() / "micropipe-test-XXXXXX").string();
        if (!mkdtemp(&name[0]))
            throw std::runtime_error("mkdtemp");
        path_ = name;
    }
    ~TempFolder()
    {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TempFolder(const TempFolder &) = delete;
    TempFolder &operator=(const TempFolder &) = delete;

    std::string operator/(const std::string &name) const { return (path_ / name).string(); }
    std::string path() const { return path_.string(); }

    // Writes a file below the folder; returns its path.
    std::string file(const std::string &name, const std::string &content) const
    {
        const std::filesystem::path path = path_ / name;
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path, std::ios::binary) << content;
        return path.string();
    }

  private:
    std::filesystem::path path_;
};

inline std::string read_file(const std::string &path)
{
    std::ostringstream all; // not from character to character: some files are of megabytes, and read at each death
    all << std::ifstream(path, std::ios::binary).rdbuf();
    return all.str();
}

} // namespace harness

#endif
