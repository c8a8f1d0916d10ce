#include "foreman.h"

#include <cstdio>

extern "C" {
#include "client.h"
}

namespace soak
{

bool Foreman::ask(const std::string &stage, unsigned workers)
{
    char why[400] = "";
    json_t *number = workers ? json_integer(workers) : json_string("auto");
    json_t *answer = client_ask(pipeline_.c_str(),
                                json_pack("{ss ss so}", "command", "scale", "stage", stage.c_str(), "workers", number),
                                why, sizeof why);
    bool ok = json_is_true(json_object_get(answer, "ok"));
    if (!ok)
        fprintf(stderr, "soak: scale %s %u: %s\n", stage.c_str(), workers,
                answer ? json_string_value(json_object_get(answer, "error")) : why);
    json_decref(answer);
    return ok;
}

bool Foreman::scale()
{
    const Elastic &drawn = stages_[random_() % stages_.size()];
    scaled_++;
    return ask(drawn.stage, static_cast<unsigned>(random_() % (drawn.most + 1)));
}

bool Foreman::man_all()
{
    bool ok = true;
    for (const Elastic &e : stages_)
        ok &= ask(e.stage, e.most);
    return ok;
}

} // namespace soak
