#include "loader.h"

#include <dlfcn.h>
#include <errno.h>
#include <micropipe/micropipe.h>
#include <stdio.h>
#include <string.h>

#include "describe.h"
#include "verify.h"

enum { MAJORS_TRIED = 9 }; /* mpipe_plugin_v2 ... v9: to tell a plugin of another major from what is no plugin */

/* What to do about dlerror's words. */
static const struct advice {
    const char *words, *advice;
    int error; /* what loader_map() returns */
} advices[] = {
    {"Too many open files", "the limit of open files is too low (see micropipe doctor)", -EMFILE},
    {"Cannot allocate memory", "memory is short", -ENOMEM},
    {"cannot create", "memory is short", -ENOMEM},
    {"out of memory", "memory is short", -ENOMEM},
    {"cannot open shared object file", "install the library, or name its folder in LD_LIBRARY_PATH", -ENOEXEC},
    {"undefined symbol", "link the plugin with the library that has it (-Wl,-z,defs shows it when building)", -ENOEXEC},
    {"version `", "it was built for a newer system: build it on this one", -ENOEXEC},
    {"invalid ELF header", "this is not a shared object", -ENOEXEC},
    {"file too short", "this is not a shared object, or it was cut", -ENOEXEC},
    {"wrong ELF class", "it was built for another kind of machine", -ENOEXEC},
    {"cannot apply additional memory protection", "memory is short", -ENOMEM},
    {"failed to map segment", "memory is short, or its folder is mounted noexec", -ENOMEM},
};

/* dlerror's words, without the name of the file where they start with it, and what to do about them. Returns a
 * number for it. */
static int explain_dlerror(const char *file, const char *words, char *why, size_t why_size)
{
    const struct advice *advice = NULL;
    size_t length = strlen(file);
    if (!words)
        words = "dlopen failed and did not say why";
    for (size_t i = 0; i < sizeof advices / sizeof advices[0] && !advice; i++)
        if (strstr(words, advices[i].words))
            advice = &advices[i];
    if (strncmp(words, file, length) == 0 && strncmp(words + length, ": ", 2) == 0)
        words += length + 2;
    snprintf(why, why_size, "%s%s%s", words, advice ? "; " : "", advice ? advice->advice : "");
    return advice ? advice->error : -ENOEXEC;
}

/* Why there is no exported function of our major. */
static void explain_no_entry(void *handle, char *why, size_t why_size)
{
    char symbol[32];
    for (unsigned major = 0; major <= MAJORS_TRIED; major++) {
        snprintf(symbol, sizeof symbol, "mpipe_plugin_v%u", major);
        if (dlsym(handle, symbol)) {
            snprintf(why, why_size, "built for major %u of the plugin interface, this micropipe has major %u: %s",
                     major, MPIPE_ABI_MAJOR,
                     major > MPIPE_ABI_MAJOR ? "upgrade micropipe" : "build it again with this micropipe's headers");
            return;
        }
    }
    snprintf(
        why, why_size,
        "it does not export mpipe_plugin_v%u: it is not a micropipe plugin, or MPIPE_PLUGIN(...) is missing or hidden "
        "by its version script",
        MPIPE_ABI_MAJOR);
}

int loader_map(const char *file, loader_entry *entry, char *why, size_t why_size)
{
    char symbol[32];
    dlerror();
    void *handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (!handle)
        return explain_dlerror(file, dlerror(), why, why_size);
    snprintf(symbol, sizeof symbol, "mpipe_plugin_v%u", MPIPE_ABI_MAJOR);
    void *address = dlsym(handle, symbol);
    if (!address) {
        explain_no_entry(handle, why, why_size);
        return -ENOEXEC;
    }
    memcpy(entry, &address, sizeof *entry); /* ISO C has no cast from an object's pointer to a function's */
    return 0;
}

/* Of all that follows nothing may be read before this. */
static int check_plugin(const mpipe_plugin *p, char *why, size_t why_size)
{
    if (!p)
        snprintf(why, why_size, "mpipe_plugin_v%u() gave NULL", MPIPE_ABI_MAJOR);
    else if (!MPIPE_HAS(p, processors))
        snprintf(why, why_size,
                 "its mpipe_plugin has a struct_size of %u, and at least %zu is needed: use MPIPE_PLUGIN(...)",
                 p->struct_size, offsetof(mpipe_plugin, processors) + sizeof p->processors);
    else if (p->abi_major != MPIPE_ABI_MAJOR)
        snprintf(why, why_size, "built for major %u of the plugin interface, this micropipe has major %u: %s",
                 p->abi_major, MPIPE_ABI_MAJOR,
                 p->abi_major > MPIPE_ABI_MAJOR ? "upgrade micropipe" : "build it again with this micropipe's headers");
    else if (p->abi_minor > MPIPE_ABI_MINOR)
        snprintf(why, why_size, "needs ABI minor %u, this host has %u: upgrade micropipe", p->abi_minor,
                 MPIPE_ABI_MINOR);
    else if (!verify_is_name(p->pack))
        snprintf(why, why_size, "its pack name is not of the form [a-z][a-z0-9_]*");
    else if (!p->processors || !p->processors[0])
        snprintf(why, why_size, "it has no processors");
    else
        return 0;
    return -EINVAL;
}

static int check_processor(const mpipe_plugin *plugin, size_t index, char *why, size_t why_size)
{
    const mpipe_processor *p = plugin->processors[index];
    struct processor_description *d = NULL;
    int error = describe_processor(plugin, p, &d, why, why_size);
    if (!error)
        error = verify_description(d, why, why_size);
    description_destroy(&d);
    for (size_t i = 0; i < index && !error; i++)
        if (strcmp(plugin->processors[i]->name, p->name) == 0) {
            snprintf(why, why_size, "it has two processors named '%s'", p->name);
            error = -EINVAL;
        }
    return error;
}

int loader_ask(loader_entry entry, const mpipe_plugin **plugin, char *why, size_t why_size)
{
    const mpipe_plugin *p = entry();
    int error = check_plugin(p, why, why_size);
    if (error)
        return error;
    size_t n = 0;
    while (n <= VERIFY_PROCESSORS_MAX && p->processors[n])
        n++;
    if (n > VERIFY_PROCESSORS_MAX) {
        snprintf(why, why_size, "it has more than %d processors: is the NULL at the end of that table missing?",
                 VERIFY_PROCESSORS_MAX);
        return -EINVAL;
    }
    for (size_t i = 0; i < n && !error; i++)
        error = check_processor(p, i, why, why_size);
    if (error)
        return error;
    *plugin = p;
    return 0;
}

int loader_open(const char *file, const mpipe_plugin **plugin, char *why, size_t why_size)
{
    loader_entry entry = NULL;
    int error = loader_map(file, &entry, why, why_size);
    return error ? error : loader_ask(entry, plugin, why, why_size);
}

const mpipe_processor *loader_processor(const mpipe_plugin *plugin, const char *name)
{
    for (size_t i = 0; plugin->processors[i]; i++)
        if (strcmp(plugin->processors[i]->name, name) == 0)
            return plugin->processors[i];
    return NULL;
}
