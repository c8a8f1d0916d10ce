#include "parsed.h"

#include <gtest/gtest.h>

#include <cinttypes>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <utility>

namespace
{

std::vector<const char *> pointers(const std::vector<std::string> &texts)
{
    std::vector<const char *> list;
    for (const std::string &t : texts)
        list.push_back(t.c_str());
    return list;
}

// What a function writes to a FILE.
template <typename Write>
std::string written(Write write)
{
    char *text = nullptr;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    write(to);
    fclose(to);
    std::string result(text, size);
    free(text);
    return result;
}

// One for all tests: it does not change.
struct catalogue *processors()
{
    struct Owner {
        struct catalogue *catalogue = nullptr;
        Owner() { catalogue_create(nullptr, &catalogue); }
        ~Owner() { catalogue_destroy(&catalogue); }
    };
    static const Owner owner;
    return owner.catalogue;
}

} // namespace

Folder::Folder()
{
    std::string name = (std::filesystem::temp_directory_path() / "pipeline_test.XXXXXX").string();
    if (!mkdtemp(name.data()))
        ADD_FAILURE() << "no folder for the test";
    path_ = name;
}

Folder::~Folder()
{
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::string Folder::write(const std::string &name, const std::string &text) const
{
    std::filesystem::remove(path(name)); // to write over a file waits for the disk on some file systems
    std::ofstream(path(name), std::ios::binary) << text;
    return path(name);
}

Parsed::Parsed(Parsed &&other) noexcept
    : pipeline_(std::exchange(other.pipeline_, nullptr)), complaints_(std::exchange(other.complaints_, {}))
{
}

Parsed::~Parsed()
{
    pipeline_destroy(&pipeline_);
    complaints_clear(&complaints_);
}

Parsed Parsed::file(const std::string &path, const std::vector<std::string> &overrides)
{
    Parsed p;
    auto list = pointers(overrides);
    int error = pipeline_parse_file(processors(), path.c_str(), list.data(), list.size(), &p.pipeline_, &p.complaints_);
    EXPECT_EQ(error == 0, p.complaints_.n == 0) << "an error has complaints, and success has none";
    return p;
}

Parsed Parsed::text(const std::string &text, const std::vector<std::string> &overrides)
{
    Folder folder;
    return file(folder.write("test.cfg", text), overrides);
}

Parsed Parsed::line(const std::string &line, const std::vector<std::string> &overrides)
{
    Parsed p;
    auto list = pointers(overrides);
    int error = pipeline_parse_line(processors(), line.c_str(), list.data(), list.size(), &p.pipeline_, &p.complaints_);
    EXPECT_EQ(error == 0, p.complaints_.n == 0) << "an error has complaints, and success has none";
    return p;
}

const struct stage &Parsed::stage(const std::string &name) const
{
    static const struct processor_description no_processor = {};
    static const struct stage none = [] {
        struct stage s = {};
        s.description = &no_processor;
        return s;
    }();
    int index = pipeline_ ? pipeline_stage(pipeline_, name.c_str()) : -1;
    if (index < 0)
        ADD_FAILURE() << "there is no stage " << name << "\n" << report();
    return index < 0 ? none : pipeline_->stages[index];
}

const struct option_value &Parsed::option(const std::string &stage_name, const std::string &name) const
{
    static char empty[] = "";
    static const struct option_value none = [] {
        struct option_value v = {};
        v.text = empty;
        return v;
    }();
    const struct option_value *v = stage_option(&stage(stage_name), name.c_str());
    if (!v)
        ADD_FAILURE() << "stage " << stage_name << " has no option " << name;
    return v ? *v : none;
}

std::vector<std::string> Parsed::items(const std::string &stage_name, const std::string &name) const
{
    const struct option_value &v = option(stage_name, name);
    return {v.items, v.items + v.n_items};
}

std::string Parsed::report() const
{
    return written([this](FILE *to) { complaints_print(&complaints_, to); });
}

std::string Parsed::print(enum print_defaults which) const
{
    return written([this, which](FILE *to) { pipeline_print(pipeline_, which, to); });
}

std::vector<std::string> Parsed::mistakes() const
{
    std::vector<std::string> list;
    for (size_t i = 0; i < complaints_.n; i++) {
        const struct complaint &c = complaints_.list[i];
        list.push_back(std::to_string(c.line) + ":" + std::to_string(c.column) + ": " + c.message);
    }
    return list;
}

std::string summary(const struct pipeline *p)
{
    return written([p](FILE *to) {
        fprintf(to,
                "%s memory=%" PRIu64 "+%" PRIu64 " cpus=%u huge=%d dead=%s start=%" PRIu64 " drain=%" PRIu64
                " path=%s http=%s\n",
                p->name, p->memory, p->workers_memory, p->cpus, p->huge_pages, p->dead_letters ? p->dead_letters : "-",
                p->start_timeout_ns, p->drain_timeout_ns, p->plugin_path ? p->plugin_path : "-",
                p->http ? p->http : "-");
        for (uint32_t i = 0; i < p->n_stages; i++) {
            const struct stage &s = p->stages[i];
            fprintf(to,
                    "%s %s workers=%u-%u on_error=%d attempts=%u timeout=%" PRIu64 " ordered=%d memory=%" PRIu64
                    " queue=%u source=%d sink=%d\n",
                    s.name, s.processor, s.workers_min, s.workers_max, s.on_error, s.max_attempts, s.timeout_ns,
                    s.ordered, s.memory, s.queue, s.is_source, s.is_sink);
            for (uint32_t o = 0; o < s.description->n_options; o++) {
                const struct option_value &v = s.options[o];
                fprintf(to, "  %s=%s %" PRId64 " %.17g", v.option->name, v.text, v.integer, v.number);
                for (uint32_t item = 0; item < v.n_items; item++)
                    fprintf(to, " [%s]", v.items[item]);
                fputc('\n', to);
            }
        }
        for (uint32_t e = 0; e < p->n_edges; e++)
            fprintf(to, "%u.%u -> %u.%u full=%d copy=%d\n", p->edges[e].from, p->edges[e].from_port, p->edges[e].to,
                    p->edges[e].to_port, p->edges[e].when_full, p->edges[e].copy);
    });
}

size_t take_place(std::string &text)
{
    size_t place = text.find('~');
    text.erase(place, 1);
    return place + 1;
}
