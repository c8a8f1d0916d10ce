// A folder of dead letters, gone with the test.
#ifndef LETTER_FOLDER_H
#define LETTER_FOLDER_H

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <string>

#include "../../support/temp_folder.h"

class LetterFolder : public harness::TempFolder
{
  public:
    ~LetterFolder() { close(fd_); }

    void Put(const std::string &name, const std::string &bytes) const { file(name, bytes); }

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
        for (const auto &entry : std::filesystem::recursive_directory_iterator(path()))
            if (entry.is_regular_file())
                all[std::filesystem::relative(entry.path(), path()).string()] = harness::read_file(entry.path());
        return all;
    }

    int fd() const { return fd_; }

  private:
    int fd_ = open(path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
};

#endif
