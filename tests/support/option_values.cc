#include "option_values.h"

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

namespace harness
{

namespace
{

[[noreturn]] void wrong(const mpipe_option &option, const std::string &text, const std::string &why)
{
    throw std::invalid_argument(std::string("option '") + option.name + "': \"" + text + "\" " + why);
}

double leading_number(const mpipe_option &option, const std::string &text, std::string *rest)
{
    char *end = nullptr;
    const double number = std::strtod(text.c_str(), &end);
    if (end == text.c_str() || !std::isfinite(number))
        wrong(option, text, "is not a number");
    *rest = end;
    return number;
}

struct Unit {
    const char *suffix;
    double factor;
};

const Unit size_units[] = {{"", 1}, {"K", 1024}, {"M", 1048576}, {"G", 1073741824}, {"T", 1099511627776.0}};
const Unit time_units[] = {{"", 1e9}, {"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}};

template <size_t n>
int64_t with_unit(const mpipe_option &option, const std::string &text, const Unit (&units)[n])
{
    std::string rest;
    const double number = leading_number(option, text, &rest);
    for (const Unit &unit : units)
        if (rest == unit.suffix)
            return std::llround(number * unit.factor);
    wrong(option, text, "has an unknown unit");
}

int64_t choice_index(const mpipe_option &option, const std::string &text)
{
    for (int64_t i = 0; option.choices && option.choices[i]; i++)
        if (text == option.choices[i])
            return i;
    wrong(option, text, "is none of the choices");
}

int64_t integer_of(const mpipe_option &option, uint32_t type, const std::string &text)
{
    char *end = nullptr;
    switch (type) {
    case MPIPE_BOOL:
        if (text != "true" && text != "false")
            wrong(option, text, "is neither true nor false");
        return text == "true";
    case MPIPE_INT: {
        const int64_t integer = std::strtoll(text.c_str(), &end, 0);
        if (text.empty() || *end)
            wrong(option, text, "is not an integer");
        return integer;
    }
    case MPIPE_SIZE:
        return with_unit(option, text, size_units);
    case MPIPE_TIME:
        return with_unit(option, text, time_units);
    case MPIPE_CHOICE:
        return choice_index(option, text);
    default:
        return 0;
    }
}

OptionValue convert(const mpipe_option &option, const std::string &text)
{
    const uint32_t type = option.type & ~static_cast<uint32_t>(MPIPE_LIST);
    OptionValue value;
    value.text = text;
    if (type == MPIPE_FLOAT) {
        std::string rest;
        value.number = leading_number(option, text, &rest);
        if (!rest.empty())
            wrong(option, text, "is not a number");
        if (option.min && value.number < std::strtod(option.min, nullptr))
            wrong(option, text, "is below its least value");
        if (option.max && value.number > std::strtod(option.max, nullptr))
            wrong(option, text, "is above its greatest value");
        return value;
    }
    value.integer = integer_of(option, type, text);
    if (option.min && value.integer < integer_of(option, type, option.min))
        wrong(option, text, "is below its least value");
    if (option.max && value.integer > integer_of(option, type, option.max))
        wrong(option, text, "is above its greatest value");
    return value;
}

OptionValue convert_list(const mpipe_option &option, const std::string &text)
{
    OptionValue list;
    list.text = text;
    size_t start = 0;
    while (start <= text.size() && !text.empty()) {
        const size_t comma = std::min(text.find(',', start), text.size());
        list.items.push_back(convert(option, text.substr(start, comma - start)).text);
        start = comma + 1;
    }
    return list;
}

OptionValue zero(const mpipe_option &option)
{
    OptionValue value;
    if ((option.type & ~static_cast<uint32_t>(MPIPE_LIST)) == MPIPE_CHOICE && option.choices && option.choices[0])
        value.text = option.choices[0];
    return value;
}

OptionValue convert_any(const mpipe_option &option, const std::string &text)
{
    return option.type & MPIPE_LIST ? convert_list(option, text) : convert(option, text);
}

void check_entry(const mpipe_option &option)
{
    const char *const allowed = "abcdefghijklmnopqrstuvwxyz0123456789_";
    const size_t length = option.name ? std::strlen(option.name) : 0;
    if (!length || std::strspn(option.name, allowed) != length || option.name[0] < 'a')
        throw std::invalid_argument(std::string("bad option name \"") + (option.name ? option.name : "") + "\"");
    if (!option.doc || !*option.doc)
        wrong(option, "", "has no doc");
    for (const char *text : {option.fallback, option.min, option.max, option.unit, option.doc})
        for (const char *c = text; c && *c; c++)
            if (static_cast<unsigned char>(*c) < ' ')
                wrong(option, text, "has a control character in it, which the host refuses");
    const uint32_t type = option.type & ~static_cast<uint32_t>(MPIPE_LIST);
    if (type < MPIPE_BOOL || type > MPIPE_PATH)
        wrong(option, std::to_string(option.type), "is not a type");
    if (type == MPIPE_CHOICE && (!option.choices || !option.choices[0]))
        wrong(option, "", "has no choices");
}

} // namespace

OptionValues::OptionValues(const mpipe_option *const *table) : table_(table)
{
    for (size_t i = 0; table_ && table_[i]; i++) {
        const mpipe_option &option = *table_[i];
        check_entry(option);
        values_[option.name] = option.fallback ? convert_any(option, option.fallback) : zero(option);
    }
}

void OptionValues::set(const std::string &name, const std::string &text)
{
    for (size_t i = 0; table_ && table_[i]; i++) {
        if (name != table_[i]->name)
            continue;
        values_[name] = convert_any(*table_[i], text);
        set_[name] = true;
        return;
    }
    throw std::invalid_argument("unknown option '" + name + "'");
}

const OptionValue *OptionValues::find(const std::string &name) const
{
    const auto found = values_.find(name);
    return found == values_.end() ? nullptr : &found->second;
}

std::string OptionValues::missing() const
{
    for (size_t i = 0; table_ && table_[i]; i++)
        if ((table_[i]->flags & MPIPE_REQUIRED) && !set_.count(table_[i]->name))
            return table_[i]->name;
    return "";
}

} // namespace harness
