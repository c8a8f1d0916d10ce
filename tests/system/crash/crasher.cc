#include "crasher.h"

#include <stdexcept>

namespace crasher
{

struct Parser {
    int second(int size);
};

__attribute__((noinline)) int Parser::second(int size)
{
    if (size < 2)
        throw std::runtime_error("too short"); // dies: crasher::Parser::second(int)
    return size - 1;
}

} // namespace crasher

int crasher_throw(int value)
{
    return crasher::Parser().second(-value) + 1;
}
