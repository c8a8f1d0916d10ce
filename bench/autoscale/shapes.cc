#include "shapes.h"

#include "photos.h"

namespace
{

enum { PHOTOS = 60000 };

std::string stage(const std::string &name, const std::string &processor, const std::string &options,
                  const std::string &more = "")
{
    return "  { name = \"" + name + "\"; processor = \"" + processor + "\"; " + more +
           (options.empty() ? "" : " options = { " + options + " };") + " }";
}

// Short queues: what a stage does is soon what the sink sees.
std::string pipeline(const std::vector<std::string> &stages)
{
    std::string text = "memory = \"256M\";\nstages = (\n";
    for (size_t i = 0; i < stages.size(); i++)
        text += stages[i] + (i + 1 < stages.size() ? ",\n" : "\n");
    return text + ");\n";
}

const std::string SOURCE = stage("source", "core.generate", "size = 64;");
const std::string QUEUE = "queue = 64;";

std::string end()
{
    return stage("end", "core.null", "", QUEUE);
}

std::string work(const std::string &name, const std::string &options, const std::string &more = "")
{
    return stage(name, "debug.work", options, QUEUE + more);
}

std::vector<std::vector<unsigned>> singles(const std::vector<unsigned> &numbers)
{
    std::vector<std::vector<unsigned>> all;
    for (unsigned n : numbers)
        all.push_back({n});
    return all;
}

std::vector<std::vector<unsigned>> pairs(const std::vector<unsigned> &first, const std::vector<unsigned> &second)
{
    std::vector<std::vector<unsigned>> all;
    for (unsigned a : first)
        for (unsigned b : second)
            all.push_back({a, b});
    return all;
}

} // namespace

std::vector<Shape> steady_shapes(const Folder &folder)
{
    make_photos(folder / "photos", PHOTOS);
    std::string photos =
        pipeline({stage("source", "files.read", "path = \"" + (folder / "photos") + "\";"),
                  stage("decode", "image.decode", "", QUEUE), stage("resize", "image.resize", "width = 256;", QUEUE),
                  stage("encode", "image.encode", "", QUEUE), end()});
    std::vector<std::vector<unsigned>> of_photos;
    for (unsigned decode : {1, 2, 3, 4})
        for (unsigned resize : {1, 2})
            of_photos.push_back({decode, resize, 1});
    return {
        {"photos", folder.file("photos.cfg", photos), "end", {"decode", "resize", "encode"}, of_photos},
        {"waiting",
         folder.file("waiting.cfg", pipeline({SOURCE, work("fetch", "wait = \"20ms\"; spread = 0.5;"), end()})),
         "end",
         {"fetch"},
         singles({2, 8, 16, 24, 32, 48, 64})},
        {"mixed",
         folder.file("mixed.cfg", pipeline({SOURCE, work("parse", "cpu = \"1ms\"; spread = 0.5;"),
                                            work("fetch", "cpu = \"500us\"; wait = \"10ms\"; spread = 0.5;"), end()})),
         "end",
         {"parse", "fetch"},
         pairs({1, 2, 3, 4}, {4, 8, 16, 24, 32})},
        {"splitter",
         folder.file("splitter.cfg", pipeline({SOURCE, work("split", "cpu = \"5ms\"; copies = 50; spread = 0.5;"),
                                               work("each", "cpu = \"400us\"; spread = 0.5;"), end()})),
         "end",
         {"split", "each"},
         pairs({1, 2, 3}, {1, 2, 3, 4, 6})},
        {"serial sink",
         folder.file("serial.cfg",
                     pipeline({SOURCE, work("make", "cpu = \"500us\"; wait = \"6ms\"; spread = 0.5;"),
                               work("write", "cpu = \"200us\"; wait = \"800us\";", " workers = 1;"), end()})),
         "end",
         {"make"},
         singles({1, 2, 4, 6, 8, 12, 16, 24})},
    };
}

Shape moving_shape(const Folder &folder, double from_s, double until_s)
{
    std::string options = "wait = \"10ms\"; slower = 5.0; slower_from = \"" + std::to_string(static_cast<int>(from_s)) +
                          "s\"; slower_until = \"" + std::to_string(static_cast<int>(until_s)) + "s\";";
    return {"moving",
            folder.file("moving.cfg", pipeline({SOURCE, work("moves", options),
                                                work("write", "wait = \"1ms\";", " workers = 1;"), end()})),
            "end",
            {"moves"},
            {}};
}

Shape loading_shape(const Folder &folder)
{
    return {"loading",
            folder.file("loading.cfg", pipeline({SOURCE,
                                                 work("loads", "wait = \"1ms\"; load = \"500ms\";",
                                                      " workers = { min = 1; max = 4; };"),
                                                 end()})),
            "end",
            {"loads"},
            {}};
}

std::vector<std::string> fixed(const Shape &shape, const std::vector<unsigned> &workers)
{
    std::vector<std::string> settings;
    for (size_t i = 0; i < workers.size(); i++)
        settings.push_back("stages." + shape.scaled[i] + ".workers=" + std::to_string(workers[i]));
    return settings;
}
