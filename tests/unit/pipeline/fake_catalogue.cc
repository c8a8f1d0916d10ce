#include "fake_catalogue.h"

#include <micropipe/frame.h>
#include <micropipe/option.h>
#include <micropipe/processor.h>

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

extern "C" {
#include "nearest.h"
}

namespace
{

struct Option {
    const char *name;
    uint32_t type, flags = 0;
    const char *fallback = nullptr, *min = nullptr, *max = nullptr, *unit = nullptr;
    std::vector<const char *> choices = {};
};

struct Port {
    const char *name;
    uint32_t type = MPIPE_BYTES, flags = 0;
};

struct Processor {
    const char *pack, *name;
    uint32_t flags;
    std::vector<Option> options;
    std::vector<Port> inputs, outputs;
};

const Port bytes_in = {"in"}, bytes_out = {"out"};

std::vector<Processor> packs()
{
    const Port image_in = {"in", MPIPE_IMAGE}, image_out = {"out", MPIPE_IMAGE};
    const Port text_in = {"in", MPIPE_TEXT}, text_out = {"out", MPIPE_TEXT};
    return {
        {"files",
         "read",
         MPIPE_SOURCE,
         {{"path", MPIPE_PATH, MPIPE_REQUIRED | MPIPE_MUST_EXIST},
          {"include", MPIPE_STRING | MPIPE_LIST, 0, "*"},
          {"recursive", MPIPE_BOOL, 0, "true"},
          {"max_size", MPIPE_SIZE, 0, "1G", "1", "16G", "bytes"}},
         {},
         {bytes_out}},
        {"files",
         "write",
         MPIPE_SERIAL,
         {{"path", MPIPE_PATH, MPIPE_REQUIRED},
          {"mode", MPIPE_CHOICE, 0, "rename", nullptr, nullptr, nullptr, {"rename", "append"}}},
         {bytes_in},
         {}},
        {"text",
         "lines",
         MPIPE_SOURCE,
         {{"path", MPIPE_PATH}, {"batch", MPIPE_INT, 0, "1", "1", "1000", "lines"}},
         {},
         {text_out}},
        {"text", "upper", 0, {}, {text_in}, {text_out}},
        {"image",
         "decode",
         0,
         {{"max_pixels", MPIPE_INT, 0, "100000000", "1", "10000000000", "pixels"}},
         {bytes_in},
         {image_out}},
        {"image",
         "resize",
         0,
         {{"shorter", MPIPE_INT, 0, nullptr, "1", "65536", "pixels"},
          {"filter", MPIPE_CHOICE, 0, "linear", nullptr, nullptr, nullptr, {"nearest", "linear", "lanczos"}},
          {"gamma", MPIPE_FLOAT, 0, "2.2", "0.1", "10"}},
         {image_in},
         {image_out}},
        {"image",
         "encode",
         0,
         {{"format", MPIPE_CHOICE, MPIPE_REQUIRED, nullptr, nullptr, nullptr, nullptr, {"jpeg", "png"}},
          {"quality", MPIPE_INT, 0, "90", "1", "100", "%"}},
         {image_in},
         {bytes_out}},
        {"core", "take", 0, {{"count", MPIPE_INT, MPIPE_REQUIRED, nullptr, "0"}}, {bytes_in}, {bytes_out}},
        {"core",
         "batch",
         0,
         {{"size", MPIPE_INT, 0, "32", "1", "4096", "frames"}, {"timeout", MPIPE_TIME, 0, "1s", "1ms", "1h"}},
         {bytes_in},
         {bytes_out}},
        {"core", "null", 0, {}, {bytes_in}, {}},
        {"test", "serial", MPIPE_SERIAL, {}, {bytes_in}, {bytes_out}},
        {"test", "split", 0, {}, {bytes_in}, {bytes_out, {"errors"}, {"side", MPIPE_BYTES, MPIPE_PORT_OPTIONAL}}},
        {"test", "join", 0, {}, {{"left"}, {"right"}, {"side", MPIPE_BYTES, MPIPE_PORT_OPTIONAL}}, {bytes_out}},
        {"test",
         "all",
         0,
         {{"flag", MPIPE_BOOL},
          {"whole", MPIPE_INT},
          {"real", MPIPE_FLOAT},
          {"word", MPIPE_STRING},
          {"kind", MPIPE_CHOICE, 0, nullptr, nullptr, nullptr, nullptr, {"one", "two"}},
          {"bytes", MPIPE_SIZE},
          {"pause", MPIPE_TIME, 0, "1ms", "1ms"},
          {"folder", MPIPE_PATH, MPIPE_MUST_EXIST},
          {"flags", MPIPE_BOOL | MPIPE_LIST},
          {"wholes", MPIPE_INT | MPIPE_LIST, 0, "1,2", "0"},
          {"reals", MPIPE_FLOAT | MPIPE_LIST},
          {"words", MPIPE_STRING | MPIPE_LIST},
          {"kinds", MPIPE_CHOICE | MPIPE_LIST, 0, "two", nullptr, nullptr, nullptr, {"one", "two"}},
          {"sizes", MPIPE_SIZE | MPIPE_LIST},
          {"pauses", MPIPE_TIME | MPIPE_LIST},
          {"folders", MPIPE_PATH | MPIPE_LIST, MPIPE_MUST_EXIST},
          {"token", MPIPE_STRING, MPIPE_SECRET},
          {"old", MPIPE_INT, MPIPE_DEPRECATED}},
         {bytes_in},
         {bytes_out}},
        {"test", "broken", 0, {{"number", MPIPE_INT, 0, "many"}}, {bytes_in}, {bytes_out}},
    };
}

} // namespace

// The descriptions and all that they point to.
struct catalogue {
    std::map<std::string, std::unique_ptr<processor_description>> processors;
    std::deque<std::string> texts;
    std::deque<std::vector<option_description>> options;
    std::deque<std::vector<port_description>> ports;
    std::deque<std::vector<char *>> choices;
    std::string why;

    char *text(const char *t) { return t ? texts.emplace_back(t).data() : nullptr; }

    port_description *port_table(const std::vector<Port> &table)
    {
        auto &copy = ports.emplace_back();
        for (const Port &p : table)
            copy.push_back({text(p.name), text("A port."), p.type, p.flags});
        return copy.data();
    }

    option_description *option_table(const std::vector<Option> &table)
    {
        auto &copy = options.emplace_back();
        for (const Option &o : table) {
            auto &list = choices.emplace_back();
            for (const char *choice : o.choices)
                list.push_back(text(choice));
            copy.push_back({text(o.name), o.type, o.flags, text(o.fallback), text(o.min), text(o.max), text(o.unit),
                            list.data(), static_cast<uint32_t>(list.size()), text("An option.")});
        }
        return copy.data();
    }

    void add(const Processor &p)
    {
        auto d = std::make_unique<processor_description>();
        d->pack = text(p.pack);
        d->name = text(p.name);
        d->flags = p.flags;
        d->options = option_table(p.options);
        d->n_options = static_cast<uint32_t>(p.options.size());
        d->inputs = port_table(p.inputs);
        d->n_inputs = static_cast<uint32_t>(p.inputs.size());
        d->outputs = port_table(p.outputs);
        d->n_outputs = static_cast<uint32_t>(p.outputs.size());
        processors[std::string(p.pack) + "." + p.name] = std::move(d);
    }
};

int catalogue_create(const char *, struct catalogue **created)
{
    *created = new catalogue;
    for (const Processor &p : packs())
        (*created)->add(p);
    return 0;
}

void catalogue_destroy(struct catalogue **c)
{
    delete *c;
    *c = nullptr;
}

const struct processor_description *catalogue_find(struct catalogue *c, const char *name, const char **why)
{
    auto found = c->processors.find(name);
    if (found != c->processors.end())
        return found->second.get();
    std::vector<const char *> names;
    for (const auto &p : c->processors)
        names.push_back(p.first.c_str());
    const char *nearest = nearest_name(name, names.data(), names.size());
    c->why = std::string("there is no processor '") + name + "'" +
             (nearest ? std::string(" (did you mean '") + nearest + "'?)" : "");
    *why = c->why.c_str();
    return nullptr;
}

int catalogue_shortage(const struct catalogue *)
{
    return 0;
}
