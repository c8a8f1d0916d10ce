/* What a function writes to a FILE, as a string. */
#ifndef COMMAND_OUTPUT_H
#define COMMAND_OUTPUT_H

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

class Output
{
  public:
    Output() : file_(open_memstream(&bytes_, &size_)) {}
    Output(const Output &) = delete;
    Output &operator=(const Output &) = delete;

    ~Output()
    {
        fclose(file_);
        free(bytes_);
    }

    FILE *file() { return file_; }

    std::string text()
    {
        fflush(file_);
        return std::string(bytes_, size_);
    }

  private:
    char *bytes_ = nullptr;
    size_t size_ = 0;
    FILE *file_;
};

/* A command that was run: what main() would have seen of it. */
struct Outcome {
    int result;
    std::string out, err;
};

template <typename Command>
Outcome RunCommand(Command command, std::vector<std::string> words)
{
    Output out, err;
    std::vector<char *> argv;
    for (std::string &word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    int result = command(static_cast<int>(words.size()), argv.data(), out.file(), err.file());
    return {result, out.text(), err.text()};
}

/* The longest line, in characters. */
inline size_t Width(const std::string &text)
{
    size_t widest = 0, width = 0;
    for (char c : text) {
        width = c == '\n' ? 0 : width + ((c & 0xc0) != 0x80);
        widest = width > widest ? width : widest;
    }
    return widest;
}

#endif
