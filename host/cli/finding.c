#include "finding.h"

#include <stdarg.h>

#include "json_text.h"
#include "paragraph.h"

enum { NAME_COLUMN = 9, TEXT_COLUMN = 29 };

static const char *const verdict_names[] = {
    [VERDICT_OK] = "ok", [VERDICT_WARN] = "warn", [VERDICT_MISSING] = "missing"};

void finding_found(struct finding *f, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(f->found, sizeof f->found, format, args);
    va_end(args);
}

void finding_blame(struct finding *f, enum verdict verdict, const char *meaning)
{
    f->verdict = verdict;
    snprintf(f->meaning, sizeof f->meaning, "%s", meaning);
}

void finding_fix(struct finding *f, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(f->fix, sizeof f->fix, format, args);
    va_end(args);
}

size_t finding_count(const struct finding *list, size_t n, enum verdict verdict)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += list[i].verdict == verdict;
    return count;
}

static void print_finding(const struct finding *f, FILE *out)
{
    char left[64];
    snprintf(left, sizeof left, "%-*s%s", NAME_COLUMN, verdict_names[f->verdict], f->name);
    paragraph_entry(out, 0, left, TEXT_COLUMN, f->found);
    if (*f->meaning)
        paragraph_print(out, TEXT_COLUMN, f->meaning);
    if (*f->fix) /* never broken: it is there to be copied */
        fprintf(out, "%*sfix: %s\n", NAME_COLUMN, "", f->fix);
}

void finding_print_all(const struct finding *list, size_t n, FILE *out)
{
    size_t warnings = finding_count(list, n, VERDICT_WARN);
    size_t missing = finding_count(list, n, VERDICT_MISSING);
    for (size_t i = 0; i < n; i++)
        print_finding(&list[i], out);
    if (missing)
        fprintf(out, "\nNo pipeline can run here: %zu thing%s missing.\n", missing, missing == 1 ? " is" : "s are");
    else if (warnings)
        fprintf(out, "\nPipelines can run here; %zu thing%s could be better.\n", warnings, warnings == 1 ? "" : "s");
    else
        fprintf(out, "\nPipelines can run here, and nothing is missing.\n");
}

int finding_print_json(const struct finding *list, size_t n, FILE *out)
{
    json_t *array = json_array();
    int failed = !array;
    for (size_t i = 0; i < n && !failed; i++)
        failed = json_array_append_new(array, json_pack("{s:s, s:s, s:s, s:s, s:s}", "name", list[i].name, "verdict",
                                                        verdict_names[list[i].verdict], "found", list[i].found,
                                                        "meaning", list[i].meaning, "fix", list[i].fix)) != 0;
    json_t *report =
        failed ? NULL : json_pack("{s:b, s:O}", "ok", finding_count(list, n, VERDICT_MISSING) == 0, "findings", array);
    json_decref(array);
    return json_print(report, out);
}
