#include "inspect_text.h"

#include <inttypes.h>
#include <micropipe/option.h>
#include <micropipe/version.h>
#include <stdarg.h>
#include <string.h>

#include "inspect_words.h"
#include "paragraph.h"
#include "sandbox.h"
#include "value.h"

enum { LABEL_COLUMN = 11, TEXT_MAX = 1024 };

/* Appends to a text in a buffer of TEXT_MAX bytes; what is too long is cut. */
__attribute__((format(printf, 2, 3))) static void append(char *text, const char *format, ...)
{
    size_t used = strlen(text);
    va_list args;
    va_start(args, format);
    vsnprintf(text + used, TEXT_MAX - used, format, args);
    va_end(args);
}

/* " 1 to 65535 pixels", " at least 1", " pixels" */
static void append_range(char *text, const struct option_description *o)
{
    const char *unit = o->unit ? o->unit : "";
    const char *blank = o->unit ? " " : "";
    if (o->min && o->max)
        append(text, ", %s to %s%s%s", o->min, o->max, blank, unit);
    else if (o->min || o->max)
        append(text, ", at %s %s%s%s", o->min ? "least" : "most", o->min ? o->min : o->max, blank, unit);
    else if (o->unit)
        append(text, ", in %s", unit);
}

static void append_default(char *text, const struct option_description *o)
{
    if (o->flags & MPIPE_REQUIRED)
        append(text, ", required");
    else if (o->fallback && *o->fallback)
        append(text, ", default %s", o->fallback);
    else if (value_zero(o->type))
        append(text, ", default %s", value_zero(o->type));
}

static void print_option(const struct option_description *o, size_t column, FILE *out)
{
    char facts[TEXT_MAX] = "";
    append(facts, "%s", value_type_name(o->type));
    append_default(facts, o);
    append_range(facts, o);
    if (o->flags & MPIPE_MUST_EXIST)
        append(facts, ", must exist");
    if (o->flags & MPIPE_SECRET)
        append(facts, ", secret");
    if (o->flags & MPIPE_DEPRECATED)
        append(facts, ", deprecated");
    paragraph_entry(out, 2, o->name, column, facts);
    paragraph_print(out, column, o->doc);
    for (uint32_t i = 0; i < o->n_choices; i++) {
        if (i == 0)
            snprintf(facts, sizeof facts, "One of: ");
        append(facts, "%s%s", i ? ", " : "", o->choices[i]);
    }
    if (o->n_choices)
        paragraph_print(out, column, facts);
}

static size_t wider(size_t column, const char *name)
{
    size_t width = strlen(name) + 4;
    return width > column ? width : column;
}

static void print_options(const struct processor_description *d, FILE *out)
{
    size_t column = LABEL_COLUMN;
    for (uint32_t i = 0; i < d->n_options; i++)
        column = wider(column, d->options[i].name);
    fprintf(out, "\nOptions%s\n", d->n_options ? "" : "    none");
    for (uint32_t i = 0; i < d->n_options; i++) {
        if (i)
            fputc('\n', out);
        print_option(&d->options[i], column, out);
    }
}

static void print_ports(const struct port_description *ports, uint32_t n, const char *label, FILE *out)
{
    char facts[TEXT_MAX];
    char type[16];
    for (uint32_t i = 0; i < n; i++) {
        facts[0] = '\0';
        append(facts, "%s (%s", ports[i].name, inspect_frame_type(ports[i].type, type, sizeof type));
        append(facts, "%s): %s", ports[i].flags & MPIPE_PORT_OPTIONAL ? ", need not be connected" : "", ports[i].doc);
        paragraph_entry(out, 0, i ? "" : label, LABEL_COLUMN, facts);
    }
}

static void print_kind(const struct processor_description *d, FILE *out)
{
    char facts[TEXT_MAX] = "";
    const char *kind = inspect_kind(d);
    append(facts, "%s: %s", kind,
           *kind == 's' && kind[1] == 'o' ? "makes frames from nothing; one worker unless configured"
           : *kind == 's'                 ? "frames end here"
                                          : "frames in, frames out");
    paragraph_entry(out, 0, "Kind", LABEL_COLUMN, facts);
    paragraph_print(out, LABEL_COLUMN,
                    d->pull ? "pull style: fetches its frames itself" : "push style: called frame by frame");
    for (const struct flag_words *f = inspect_flags(); f->flag; f++) {
        if (!(d->flags & f->flag))
            continue;
        snprintf(facts, sizeof facts, "%s: %s", f->name, f->meaning);
        paragraph_print(out, LABEL_COLUMN, facts);
    }
}

static void print_needs(const struct processor_description *d, FILE *out)
{
    char facts[TEXT_MAX] = "";
    for (uint32_t i = 0; i < d->n_needs; i++)
        append(facts, "%s%s", i ? ", " : "", d->needs[i]);
    if (d->n_needs)
        paragraph_entry(out, 0, "Needs", LABEL_COLUMN, facts);
    if (d->state_size) {
        snprintf(facts, sizeof facts, "%" PRIu64 " bytes, committed together with the output", d->state_size);
        paragraph_entry(out, 0, "State", LABEL_COLUMN, facts);
    }
}

void inspect_text_processor(const struct processor_description *d, FILE *out)
{
    char facts[TEXT_MAX];
    snprintf(facts, sizeof facts, "%s.%s: %s", d->pack, d->name, d->summary);
    paragraph_print(out, 0, facts);
    fputc('\n', out);
    print_kind(d, out);
    print_ports(d->inputs, d->n_inputs, "Inputs", out);
    print_ports(d->outputs, d->n_outputs, "Outputs", out);
    print_needs(d, out);
    snprintf(facts, sizeof facts, "%s, unless its stage sets sandbox to another", sandbox_level_name(SANDBOX_IO));
    paragraph_entry(out, 0, "Sandbox", LABEL_COLUMN, facts);
    fprintf(out, "%-*s%s %s, for plugin interface %u.%u\n", LABEL_COLUMN, "Pack", d->pack, d->version, MPIPE_ABI_MAJOR,
            d->abi_minor);
    fprintf(out, "%-*s%s\n", LABEL_COLUMN, "File", d->file);
    print_options(d, out);
    if (d->example) /* never broken: it is there to be copied */
        fprintf(out, "\nExample\n  micropipe run -e '%s'\n", d->example);
}

static void print_summary(const struct processor_description *d, size_t column, FILE *out)
{
    char name[2 * 64 + 2];
    snprintf(name, sizeof name, "%s.%s", d->pack, d->name);
    paragraph_entry(out, 2, name, column, d->summary);
}

static size_t summary_column(size_t column, const struct processor_description *d)
{
    size_t width = strlen(d->pack) + 1 + strlen(d->name) + 4;
    return width > column ? width : column;
}

static void print_pack_title(const struct processor_description *first, FILE *out)
{
    fprintf(out, "%s %s\n", first->pack, first->version);
}

void inspect_text_pack(struct processor_description *const *list, size_t n, FILE *out)
{
    size_t column = LABEL_COLUMN;
    for (size_t i = 0; i < n; i++)
        column = summary_column(column, list[i]);
    print_pack_title(list[0], out);
    for (size_t i = 0; i < n; i++)
        print_summary(list[i], column, out);
    fprintf(out, "\n%zu processor%s in %s\n", n, n == 1 ? "" : "s", list[0]->file);
}

static void print_folders(const struct catalogue *c, FILE *out)
{
    const char *folder;
    fprintf(out, "Packs are looked for in\n");
    for (size_t i = 0; (folder = catalogue_folder(c, i)); i++)
        fprintf(out, "  %s\n", folder);
    if (!catalogue_folder(c, 0))
        fprintf(out, "  no folder: none of the search path exists, name one with --plugin-path\n");
}

void inspect_text_all(const struct catalogue *c, FILE *out)
{
    const struct processor_description *d;
    const char *file = "";
    size_t column = LABEL_COLUMN;
    size_t n = 0;
    size_t packs = 0;
    for (size_t i = 0; (d = catalogue_at(c, i)); i++)
        column = summary_column(column, d);
    for (; (d = catalogue_at(c, n)); n++) {
        if (strcmp(file, d->file) != 0) {
            fputs(n ? "\n" : "", out);
            print_pack_title(d, out);
            packs++;
        }
        file = d->file;
        print_summary(d, column, out);
    }
    fprintf(out, "%s%zu processor%s in %zu pack%s. ", n ? "\n" : "", n, n == 1 ? "" : "s", packs,
            packs == 1 ? "" : "s");
    if (n)
        fprintf(out, "All about one: micropipe inspect %s.%s\n", catalogue_at(c, 0)->pack, catalogue_at(c, 0)->name);
    else
        print_folders(c, out);
    if (catalogue_problems(c))
        fprintf(out, "%zu file%s cannot be used. Why: micropipe inspect --problems\n", catalogue_problems(c),
                catalogue_problems(c) == 1 ? "" : "s");
}

void inspect_text_problems(const struct catalogue *c, FILE *out)
{
    size_t n = catalogue_problems(c);
    for (size_t i = 0; i < n; i++) {
        const struct catalogue_problem *p = catalogue_problem_at(c, i);
        fprintf(out, "%s\n", p->file);
        paragraph_print(out, 4, p->reason);
        fputc('\n', out);
    }
    if (n)
        fprintf(out, "%zu file%s cannot be used. ", n, n == 1 ? "" : "s");
    else
        fprintf(out, "Every pack that was found can be used. ");
    print_folders(c, out);
}
