// A configuration that was parsed, with the made-up processors of fake_catalogue.h, and what came of it.
#ifndef PARSED_H
#define PARSED_H

#include <string>
#include <vector>

extern "C" {
#include "parse.h"
}

// Folder for the files of one test; gone at its end.
class Folder
{
  public:
    Folder();
    ~Folder();
    Folder(const Folder &) = delete;
    Folder &operator=(const Folder &) = delete;
    std::string path(const std::string &name) const { return path_ + "/" + name; }
    std::string write(const std::string &name, const std::string &text) const; // returns its path

  private:
    std::string path_;
};

class Parsed
{
  public:
    static Parsed file(const std::string &path, const std::vector<std::string> &overrides = {});
    static Parsed text(const std::string &text, const std::vector<std::string> &overrides = {}); // of a file
    static Parsed line(const std::string &line, const std::vector<std::string> &overrides = {});

    ~Parsed();
    Parsed(Parsed &&other) noexcept;
    Parsed(const Parsed &) = delete;
    Parsed &operator=(const Parsed &) = delete;

    bool ok() const { return pipeline_ != nullptr; }
    const struct pipeline *operator->() const { return pipeline_; }
    const struct pipeline *get() const { return pipeline_; }
    // Fail the test and give something empty if there is none.
    const struct stage &stage(const std::string &name) const;
    const struct option_value &option(const std::string &stage, const std::string &name) const;
    std::vector<std::string> items(const std::string &stage,
                                   const std::string &name) const; // of an option that is a list
    const struct complaints &complaints() const { return complaints_; }
    std::string report() const; // as complaints_print() has it
    std::string print(enum print_defaults which) const;

    // "line:column: message" of each complaint.
    std::vector<std::string> mistakes() const;

  private:
    Parsed() = default;
    struct pipeline *pipeline_ = nullptr;
    struct complaints complaints_ = {};
};

// What two pipelines are compared by: everything but names of files, line numbers and what was set.
std::string summary(const struct pipeline *p);

// Takes out the ~ that marks a place in a text; returns its column, from 1.
size_t take_place(std::string &text);

#endif
