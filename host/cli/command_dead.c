#include "command_dead.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "configuration.h"
#include "dead_replay.h"
#include "json_text.h"
#include "letter.h"
#include "nearest.h"
#include "payload_text.h"
#include "quantity.h"
#include "replay.h"

enum { FROM = CONFIGURATION_ARGUMENTS, SAME_OUTPUT, BYTES, JSON, QUIET, DEAD_ARGUMENTS };
enum { SHOWN_BYTES = 256, US_PER_S = 1000000 };

static const struct argument table[] = {
    CONFIGURATION_TABLE,
    [FROM] = {.name = "from", .takes = "STAGE", .help = "Only the letters of this stage."},
    [SAME_OUTPUT] = {.name = "same-output",
                     .help = "replay: let the sinks write where the configuration says, although the first run wrote "
                             "there; else each has to be told where, by --set stages.NAME.options...."},
    [BYTES] = {.name = "bytes", .takes = "N", .help = "show: how much of a payload, 256 bytes unless given."},
    [JSON] = {.name = "json", .help = "list, show: print the letters as one JSON array."},
    [QUIET] = {.name = "quiet", .help = "replay: no progress, and of the log warnings and errors only."},
};

static const struct command command = {
    .name = "dead",
    .operands = "list|show|replay DIR [NAME...|FILE]",
    .operands_max = SIZE_MAX,
    .summary =
        "Dead letters, the frames that stages refused, in the folder DIR: list has a line for each; show all that is "
        "known of it, and its payload; replay runs the pipeline FILE (or -e PIPELINE) from the stages that refused "
        "them "
        "on, with the letters for its source. A letter is removed once the sinks have all; one that fails again stays.",
    .arguments = table,
    .n = DEAD_ARGUMENTS,
};

static int open_folder(const char *path, FILE *err)
{
    struct replay r;
    if (replay_open(&r, path) == 0)
        replay_close(&r); /* an earlier replay that was killed is finished or undone */
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        fprintf(err, "micropipe dead: %s: %s\n", path, strerror(errno));
    return fd;
}

static int no_memory(FILE *err)
{
    fprintf(err, "micropipe dead: there is no memory left\n");
    return EXIT_SYSTEM;
}

/* ---- list ---- */

static void print_problem(const struct letter *l, FILE *out)
{
    fputs("no letter: ", out);
    harmless_print(out, l->problem);
    fputc('\n', out);
}

static void print_letter_line(const struct letter *l, int width, FILE *out)
{
    harmless_print(out, l->name);
    fprintf(out, "%*s", width - (int)strlen(l->name) + 2, "");
    if (l->problem) {
        print_problem(l, out);
        return;
    }
    fprintf(out, "%9s  ", l->has_frame ? quantity_bytes(l->size).text : "-");
    harmless_print(out, l->signal);
    fputs(*l->signal ? ": " : "", out);
    harmless_print(out, l->reason);
    fputc('\n', out);
}

static void print_list(const struct letter_list *list, const char *path, FILE *out)
{
    size_t n = 0, strange = 0;
    int width = 6;
    for (size_t i = 0; i < list->n; i++) {
        int length = (int)strlen(list->letters[i].name);
        width = length > width ? length : width;
        strange += list->letters[i].problem != NULL;
    }
    n = list->n - strange;
    if (list->n)
        fprintf(out, "%-*s  %9s  %s\n", width, "letter", "size", "reason");
    for (size_t i = 0; i < list->n; i++)
        print_letter_line(&list->letters[i], width, out);
    fprintf(out, "%s%s: %zu letter%s", list->n ? "\n" : "", path, n, n == 1 ? "" : "s");
    if (strange)
        fprintf(out, ", and %zu .json that %s none", strange, strange == 1 ? "is" : "are");
    fputc('\n', out);
}

/* What is known of it, and its name. *out is NULL if it is none, or gone. 0 or -ENOMEM. */
static int letter_object(int folder, const struct letter *l, json_t **out)
{
    char why[JSON_ERROR_TEXT_LENGTH];
    *out = NULL;
    if (!l->problem && letter_load(folder, l->name, why, sizeof why, out) == -ENOMEM)
        return -ENOMEM;
    if (!*out || json_object_set_new(*out, "name", json_text(l->name)) == 0)
        return 0;
    json_decref(*out);
    return -ENOMEM;
}

static int print_json(int folder, const struct letter_list *list, FILE *out, FILE *err)
{
    json_t *all = json_array();
    int error = all ? 0 : -ENOMEM;
    for (size_t i = 0; i < list->n && !error; i++) {
        json_t *letter;
        error = letter_object(folder, &list->letters[i], &letter);
        if (!error && letter && json_array_append_new(all, letter) != 0)
            error = -ENOMEM;
    }
    if (!error)
        return json_print(all, out) == -ENOMEM ? no_memory(err) : EXIT_OK;
    json_decref(all);
    return no_memory(err);
}

/* ---- show ---- */

static void print_text_lines(const char *text, FILE *out)
{
    for (;;) {
        size_t n = strcspn(text, "\n");
        harmless_print_part(out, text, n);
        fputc('\n', out);
        text += n;
        if (!*text++ || !*text)
            return;
        fprintf(out, "%*s", 14, "");
    }
}

/* Whatever there is: a later version may write more. 0 or -ENOMEM. */
static int print_known(const char *key, const json_t *value, FILE *out)
{
    const json_t *hex = json_object_get(value, "hex");
    const char *text = json_string_value(json_is_string(hex) ? hex : value);
    int width = (int)strlen(key);
    fputs("  ", out);
    harmless_print(out, key);
    fprintf(out, "%*s", width < 10 ? 12 - width : 2, "");
    if (text) {
        print_text_lines(text, out);
        return 0;
    }
    int error = json_dumpf(value, out, JSON_COMPACT | JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
    fputc('\n', out);
    return error && !ferror(out) ? -ENOMEM : 0; /* what cannot be written main() finds */
}

static const char *text_in(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* What the worker died of, and a line for each call that led there, as the log has them. */
static void print_crash(const json_t *crash, FILE *out)
{
    const json_t *frame;
    size_t i;
    fprintf(out, "  %-10s  ", "crash");
    harmless_print(out, text_in(crash, "description"));
    fputc('\n', out);
    json_array_foreach(json_object_get(crash, "backtrace"), i, frame)
    {
        fprintf(out, "%*s#%zu ", 14, "", i);
        harmless_print(out, *text_in(frame, "function") ? text_in(frame, "function") : "??");
        if (*text_in(frame, "file")) {
            fputs(" (", out);
            harmless_print(out, text_in(frame, "file"));
            fprintf(out, ":%" JSON_INTEGER_FORMAT ")", json_integer_value(json_object_get(frame, "line")));
        }
        if (json_is_true(json_object_get(frame, "inlined"))) {
            fputs(", inlined", out);
        } else if (*text_in(frame, "module")) {
            fputs(", ", out);
            harmless_print(out, text_in(frame, "module"));
            fputc('+', out);
            harmless_print(out, text_in(frame, "offset"));
        }
        fputc('\n', out);
    }
}

static void print_when(json_int_t run_us, FILE *out)
{
    char text[64];
    time_t seconds = (time_t)(run_us / US_PER_S);
    struct tm when;
    if (run_us <= 0)
        return;
    localtime_r(&seconds, &when); /* 2^63 us are no more years than it can tell */
    strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &when);
    fprintf(out, "  %-10s  %s\n", "run of", text);
}

static int print_fact(const char *key, const json_t *value, FILE *out)
{
    if (json_is_null(value) || strcmp(key, "payload") == 0 || strcmp(key, "name") == 0)
        return 0;
    if (strcmp(key, "run") == 0)
        print_when(json_integer_value(value), out);
    else if (strcmp(key, "crash") == 0 && json_is_object(value))
        print_crash(value, out);
    else if (strcmp(key, "attributes") != 0)
        return print_known(key, value, out);
    else if (json_object_size(value) > 0) {
        fputs("  attributes\n", out);
        attributes_print(out, 14, value);
    }
    return 0;
}

static int print_payload(int folder, const json_t *letter, size_t bytes, FILE *out)
{
    size_t n = 0;
    AUTO_FREE uint8_t *payload = letter_payload(folder, letter, bytes, &n);
    if (payload) {
        fputs("  payload\n", out);
        payload_print(out, 4, payload, n, (uint64_t)json_integer_value(json_object_get(letter, "size")));
        return 0;
    }
    int error = errno;
    fprintf(out, "  payload: %s\n", strerror(error));
    return error == ENOMEM ? -ENOMEM : 0;
}

/* 0 or -ENOMEM. */
static int print_letter(int folder, json_t *letter, size_t bytes, FILE *out)
{
    const char *key;
    json_t *value;
    int error = 0;
    json_object_foreach(letter, key, value)
    {
        if (!error)
            error = print_fact(key, value, out);
    }
    if (!error && json_is_string(json_object_get(letter, "payload")))
        error = print_payload(folder, letter, bytes, out);
    return error;
}

/* 0 or -ENOMEM. */
static int show_letter(int folder, const struct letter *l, size_t bytes, FILE *out)
{
    json_t *letter;
    int error = letter_object(folder, l, &letter);
    if (error)
        return error;
    harmless_print(out, l->name);
    fputc('\n', out);
    if (l->problem) {
        fputs("  ", out);
        print_problem(l, out);
    } else if (letter)
        error = print_letter(folder, letter, bytes, out);
    json_decref(letter);
    return error;
}

static int show(int folder, const struct letter_list *list, size_t bytes, FILE *out, FILE *err)
{
    for (size_t i = 0; i < list->n; i++) {
        fputs(i ? "\n" : "", out);
        if (show_letter(folder, &list->letters[i], bytes, out))
            return no_memory(err);
    }
    return EXIT_OK;
}

static int look(const struct arguments *a, int shows, FILE *out, FILE *err)
{
    struct letter_list list;
    const char *path = a->operands[1], *text = a->values[BYTES];
    char *end = NULL;
    unsigned long bytes = text ? strtoul(text, &end, 10) : SHOWN_BYTES;
    if (text && (*text < '0' || *text > '9' || *end))
        return arguments_wrong(&command, err, "'%s' is no number of bytes", text);
    AUTO_FD int folder = open_folder(path, err);
    if (folder < 0)
        return EXIT_SYSTEM;
    int error = letters_list(folder, a->values[FROM], &list);
    if (error) {
        fprintf(err, "micropipe dead: %s: %s\n", path, strerror(-error));
        return EXIT_SYSTEM;
    }
    int result = EXIT_OK;
    const char *missing = shows ? letters_keep(&list, a->operands + 2, a->n_operands - 2) : NULL;
    if (missing) {
        fprintf(err, "micropipe dead: there is no letter '%s' in %s\n", missing, path);
        result = EXIT_USAGE;
    } else if (a->values[JSON])
        result = print_json(folder, &list, out, err);
    else if (shows)
        result = show(folder, &list, bytes, out, err);
    else
        print_list(&list, path, out);
    letters_clear(&list);
    return result;
}

static int replay(const struct arguments *a, FILE *err)
{
    struct configuration c;
    struct replay_wishes wishes = {.folder = a->operands[1],
                                   .stage = a->values[FROM],
                                   .set = a->many,
                                   .n_set = a->n_many,
                                   .same_output = a->values[SAME_OUTPUT] != NULL,
                                   .quiet = a->values[QUIET] != NULL};
    struct arguments pipeline = *a;
    pipeline.operands += 2;
    pipeline.n_operands -= 2;
    if (pipeline.n_operands > 1)
        return arguments_wrong(&command, err, "'%s' is one too many: replay takes a folder and a pipeline",
                               pipeline.operands[1]);
    int result = configuration_load(&command, &pipeline, err, &c);
    if (c.complaints.n)
        configuration_print_mistakes(&c, err);
    else if (!result)
        result = dead_replay(&wishes, &c, err);
    configuration_clear(&c);
    return result;
}

static int dead(const struct arguments *a, FILE *out, FILE *err)
{
    static const char *const verbs[] = {"list", "show", "replay"};
    enum { LIST, SHOW, REPLAY, VERBS };
    int verb = 0;
    if (a->n_operands == 0)
        return arguments_wrong(&command, err, "list, show or replay?");
    while (verb < VERBS && strcmp(verbs[verb], a->operands[0]) != 0)
        verb++;
    if (verb == VERBS) {
        const char *nearest = nearest_name(a->operands[0], verbs, VERBS);
        return arguments_wrong(&command, err, "'%s' is none of list, show and replay%s%s%s", a->operands[0],
                               nearest ? " (did you mean '" : "", nearest ? nearest : "", nearest ? "'?)" : "");
    }
    if (a->n_operands < 2)
        return arguments_wrong(&command, err, "which folder?");
    if (verb == LIST && a->n_operands > 2)
        return arguments_wrong(&command, err, "'%s' is one too many: list takes a folder", a->operands[2]);
    return verb == REPLAY ? replay(a, err) : look(a, verb == SHOW, out, err);
}

int command_dead(int argc, char **argv, FILE *out, FILE *err)
{
    return arguments_run(&command, argc, argv, dead, out, err);
}
