#include "page.h"

#include <math.h>

#include "fields.h"
#include "words.h"

enum column { WORKER, PID, STATE, SINCE, CPU, CPU_TIME, FRAME, IN_HAND, DONE, DEATHS, COLUMNS };

static const struct table_column columns[COLUMNS] = {
    [WORKER] = {"  worker", .least = 8, .alignment = ALIGN_LEFT},
    [PID] = {"pid", .weight = 3, .least = 7},
    [STATE] = {"state", .least = 11, .alignment = ALIGN_LEFT},
    [SINCE] = {"for", .weight = 4, .least = 5},
    [CPU] = {"cpu", .weight = 2, .least = 4},
    [CPU_TIME] = {"cpu time", .weight = 6, .least = 8},
    [FRAME] = {"frame", .weight = 1, .least = 7},
    [IN_HAND] = {"in hand", .weight = 1, .least = 7},
    [DONE] = {"done", .weight = 5, .least = 7},
    [DEATHS] = {"deaths", .weight = 1, .least = 6},
};

static void add_worker(struct table *t, const json_t *worker, int is_chosen)
{
    const char *state = field_text(worker, "state");
    double deaths = field_number(worker, "deaths");
    size_t row = table_row(t);
    table_set(t, row, WORKER, TINT_STRONG, "%c %d", is_chosen ? '>' : ' ', field_count(worker, "worker"));
    table_set(t, row, PID, TINT_PLAIN, "%d", field_count(worker, "pid"));
    table_set(t, row, STATE, state[0] == 'b' ? TINT_BUSY : TINT_PLAIN, "%.24s", state);
    table_set(t, row, SINCE, TINT_PLAIN, "%s", words_latency(field_number(worker, "state_s")).text);
    table_set(t, row, CPU, TINT_PLAIN, "%s", words_share(field_number(worker, "cpu")).text);
    table_set(t, row, CPU_TIME, TINT_PLAIN, "%s", words_clock(field_number(worker, "cpu_s")).text);
    table_set(t, row, FRAME, TINT_PLAIN, "%s", words_count(worker, "frame").text);
    table_set(t, row, IN_HAND, TINT_PLAIN, "%s", words_latency(field_number(worker, "frame_s")).text);
    table_set(t, row, DONE, TINT_PLAIN, "%s", words_count(worker, "done").text);
    table_set(t, row, DEATHS, deaths > 0 ? TINT_ERROR : TINT_FAINT, "%s", words_narrow_count(deaths).text);
}

size_t page_workers(const json_t *stage, struct canvas *c, size_t top, size_t height, size_t chosen)
{
    const json_t *workers = json_object_get(stage, "worker_list"), *worker;
    struct table t;
    size_t i;
    if (!json_array_size(workers)) {
        canvas_put(c, top, 0, c->width, TINT_FAINT, "no worker is alive");
        return 1;
    }
    table_init(&t, columns, COLUMNS);
    json_array_foreach(workers, i, worker) add_worker(&t, worker, i == chosen);
    return table_show(&t, c, top, height, chosen);
}
