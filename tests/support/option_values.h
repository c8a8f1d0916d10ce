// The options of one instance: texts converted by the processor's own table, as the host would.
#ifndef OPTION_VALUES_H
#define OPTION_VALUES_H

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <micropipe/micropipe.h>

namespace harness
{

struct OptionValue {
    int64_t integer = 0; // BOOL, INT, SIZE, TIME, index of a CHOICE
    double number = 0;   // FLOAT
    std::string text;
    std::vector<std::string> items; // of a list
};

class OptionValues
{
  public:
    // Starts with the defaults. Throws std::invalid_argument if the table itself is wrong: a default that does not
    // convert or lies out of its range, an option without a doc, a name that is not [a-z][a-z0-9_]*.
    explicit OptionValues(const mpipe_option *const *table);

    // A list is comma separated. Throws std::invalid_argument for an unknown name, a text that is not of the type, or
    // a value out of range.
    void set(const std::string &name, const std::string &text);

    // nullptr: the table has no such option.
    const OptionValue *find(const std::string &name) const;

    // The first option that is required and was not set, or "".
    std::string missing() const;

  private:
    const mpipe_option *const *table_;
    std::map<std::string, OptionValue> values_;
    std::map<std::string, bool> set_;
};

} // namespace harness

#endif
