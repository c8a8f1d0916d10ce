// A folder of dead letters, gone with the test.
#ifndef LETTER_FOLDER_H
#define LETTER_FOLDER_H

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

class LetterFolder
{
  public:
    LetterFolder()
    {
        std::string name = (std::filesystem::temp_directory_path() / "micropipe-test-XXXXXX").string();
        path_ = mkdtemp(name.data());
        fd_ = open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    ~LetterFolder()
    {
        close(fd_);
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    LetterFolder(const LetterFolder &) = delete;
    LetterFolder &operator=(const LetterFolder &) = delete;

    void Put(const std::string &name, const std::string &bytes) const
    {
        std::filesystem::create_directories(std::filesystem::path(path_ + "/" + name).parent_path());
        std::ofstream(path_ + "/" + name, std::ios::binary) << bytes;
    }

    void Letter(const std::string &name, const std::string &stage, int run = 1, int position = 0) const
    {
        Put(name + ".bin", name);
        Put(name + ".json", "{\"stage\":\"" + stage + "\",\"reason\":\"bad\",\"signal\":null,\"attempts\":1,\"run\":" +
                                std::to_string(run) + ",\"position\":" + std::to_string(position) +
                                ",\"sequence\":7,\"size\":" + std::to_string(name.size()) + ",\"payload\":\"" + name +
                                ".bin\"}");
    }

    // All files, with what is in them.
    std::map<std::string, std::string> Files() const
    {
        std::map<std::string, std::string> all;
        for (const auto &entry : std::filesystem::recursive_directory_iterator(path_)) {
            std::ifstream in(entry.path(), std::ios::binary);
            if (entry.is_regular_file())
                all[std::filesystem::relative(entry.path(), path_).string()] =
                    std::string(std::istreambuf_iterator<char>(in), {});
        }
        return all;
    }

    const std::string &path() const { return path_; }
    int fd() const { return fd_; }

  private:
    std::string path_;
    int fd_ = -1;
};

#endif
