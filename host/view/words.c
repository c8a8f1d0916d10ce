#include "words.h"

#include <math.h>
#include <string.h>

#include "clock.h"
#include "fields.h"

static struct quantity unknown(void)
{
    return (struct quantity){"-"};
}

struct quantity words_share(double share)
{
    struct quantity w = unknown();
    if (!isnan(share))
        snprintf(w.text, sizeof w.text, "%.0f%%", share > 0 ? share < 10 ? share * 100 : 999 : 0.0);
    return w;
}

static uint64_t whole(double n)
{
    return n > 0 ? n < 1.8e19 ? (uint64_t)n : UINT64_MAX : 0;
}

struct quantity words_count(const json_t *object, const char *key)
{
    double n = field_number(object, key);
    return isnan(n) ? unknown() : quantity_exact(whole(n));
}

struct quantity words_narrow(double n)
{
    return isnan(n) ? unknown() : quantity_narrow(n > 0 ? n : 0);
}

struct quantity words_narrow_count(double n)
{
    return n < 1000 ? quantity_exact(whole(n)) : words_narrow(n);
}

struct quantity words_latency(double seconds)
{
    return isnan(seconds) ? unknown() : quantity_latency(seconds > 0 ? seconds : 0);
}

struct quantity words_memory(double bytes)
{
    return isnan(bytes) ? unknown() : quantity_memory(bytes > 0 ? bytes : 0);
}

struct quantity words_clock(double seconds)
{
    return isnan(seconds) ? unknown() : quantity_clock(whole(seconds * (double)NS_PER_S));
}

int words_is_source(const json_t *stage)
{
    return strcmp(field_text(stage, "kind"), "source") == 0;
}

double words_frame_rate(const json_t *stage)
{
    return field_number(stage, words_is_source(stage) ? "out_rate" : "in_rate");
}

double words_byte_rate(const json_t *stage)
{
    return field_number(stage, words_is_source(stage) ? "bytes_out_rate" : "bytes_in_rate");
}

static double sum_of(const json_t *stage, const char *key)
{
    double seconds = field_number(stage, key);
    return seconds > 0 ? seconds : 0;
}

struct meter words_meter(const json_t *stage)
{
    struct meter m = {field_number(stage, "busy"), field_number(stage, "blocked"), field_number(stage, "starved")};
    if (isnan(m.busy)) {
        double busy = sum_of(stage, "busy_s"), blocked = sum_of(stage, "wait_output_s");
        double starved = sum_of(stage, "wait_input_s"), all = busy + blocked + starved;
        m = (struct meter){all > 0 ? busy / all : 0, all > 0 ? blocked / all : 0, all > 0 ? starved / all : 0};
    }
    return m;
}

const json_t *words_stage(const json_t *status, const char *name)
{
    const json_t *stages = json_object_get(status, "stages"), *stage;
    size_t i;
    json_array_foreach(stages, i, stage) if (strcmp(field_text(stage, "name"), name) == 0) return stage;
    return NULL;
}
