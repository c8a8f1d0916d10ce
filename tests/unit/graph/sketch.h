// A drawing made in a line or two, and what is printed of it.
#ifndef SKETCH_H
#define SKETCH_H

extern "C" {
#include "drawing.h"
}

#include <cstdlib>
#include <memory>
#include <string>

class Sketch
{
  public:
    Sketch &Box(const char *name)
    {
        drawing_add_box(drawing_.get(), name);
        return *this;
    }

    Sketch &Edge(uint32_t from, uint32_t to, const char *out = "", const char *in = "", bool is_dashed = false)
    {
        if (struct drawing_edge *e = drawing_add_edge(drawing_.get(), from, to, out, in))
            e->is_dashed = is_dashed;
        return *this;
    }

    struct drawing *operator->() { return drawing_.get(); }
    struct drawing *get() { return drawing_.get(); }

    std::string Text(unsigned abilities = TEXT_UNICODE) const
    {
        return Printed([&](FILE *out) { return drawing_print_text(drawing_.get(), abilities, out); });
    }
    std::string Dot() const
    {
        return Printed([&](FILE *out) { return drawing_print_dot(drawing_.get(), out), 0; });
    }
    std::string Mermaid() const
    {
        return Printed([&](FILE *out) { return drawing_print_mermaid(drawing_.get(), out), 0; });
    }

  private:
    template <typename F>
    static std::string Printed(F print)
    {
        char *text = nullptr;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);
        int error = print(out);
        fclose(out);
        std::string result = error ? "error" : std::string(text, size);
        free(text);
        return result;
    }

    std::unique_ptr<struct drawing> drawing_ = std::make_unique<struct drawing>();
};

#endif
