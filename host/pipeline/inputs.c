#include "inputs.h"

#include <errno.h>
#include <micropipe/frame.h>
#include <micropipe/option.h>
#include <string.h>

#include "naming.h"
#include "nearest.h"
#include "rule.h"

struct reader {
    struct draft *draft;
    struct wiring *wiring;                  /* with room for PIPELINE_EDGES_MAX */
    const char *names[PIPELINE_STAGES_MAX]; /* of the stages */
};

/* One element of `inputs`, taken apart. */
struct input {
    const char *from; /* "stage" or "stage.port" */
    const char *port; /* of the reader; NULL: the first */
    enum when_full when_full;
    struct position from_at, port_at;
};

static struct stage *stage_at(const struct reader *r, uint32_t index)
{
    return &r->draft->pipeline->stages[index];
}

static const char *port_names(struct draft *d, const struct port_description *ports, uint32_t n)
{
    const char *text = "";
    for (uint32_t i = 0; i < n; i++)
        text = region_format(d->region, "%s%s'%s'", text, i ? ", " : "", ports[i].name);
    return text;
}

static const char *type_name(uint32_t type)
{
    static const char *const names[] = {"bytes", "text", "images", "tensors"};
    return type < sizeof names / sizeof *names ? names[type] : "frames of a type of its own";
}

/* Finds the stage and the output port that a text names. */
static int find_output(struct reader *r, uint32_t index, const struct input *input, struct edge *edge)
{
    struct draft *d = r->draft;
    const struct stage *s = stage_at(r, index);
    const char *dot = strchr(input->from, '.');
    const char *name = dot ? region_copy(d->region, input->from, (size_t)(dot - input->from)) : input->from;
    int from = naming_find(r->names, d->pipeline->n_stages, name);
    if (from < 0) {
        draft_complain(d, s, input->from_at, "there is no stage '%s' to read from%s", name,
                       draft_hint(d, nearest_name(name, r->names, d->pipeline->n_stages)));
        return -EINVAL;
    }
    edge->from = (uint32_t)from;
    const struct processor_description *p = stage_at(r, edge->from)->description;
    if (edge->from == index) {
        draft_complain(d, s, input->from_at, "it cannot read from itself");
        return -EINVAL;
    }
    if (p && p->n_outputs == 0) {
        draft_complain(d, s, input->from_at, "it cannot read from '%s', which is a sink: %s has no output", name,
                       stage_at(r, edge->from)->processor);
        return -EINVAL;
    }
    int port = p && dot ? description_output(p, dot + 1) : 0;
    if (port < 0) {
        draft_complain(d, s, input->from_at, "stage '%s' has no output port '%s'; it has %s", name, dot + 1,
                       port_names(d, p->outputs, p->n_outputs));
        return -EINVAL;
    }
    edge->from_port = (uint32_t)port;
    return 0;
}

static int find_input(struct reader *r, const struct input *input, struct edge *edge)
{
    const struct stage *s = stage_at(r, edge->to);
    const struct processor_description *p = s->description;
    int port = p && input->port ? description_input(p, input->port) : 0;
    if (port < 0) {
        draft_complain(r->draft, s, input->port_at, "%s has no input port '%s'; it has %s", s->processor, input->port,
                       port_names(r->draft, p->inputs, p->n_inputs));
        return -EINVAL;
    }
    edge->to_port = (uint32_t)port;
    return 0;
}

static int check_types(struct reader *r, const struct edge *e, struct position at)
{
    const struct stage *from = stage_at(r, e->from), *to = stage_at(r, e->to);
    if (!from->description || !to->description)
        return 0;
    uint32_t sent = from->description->outputs[e->from_port].type, taken = to->description->inputs[e->to_port].type;
    if (sent == MPIPE_BYTES || taken == MPIPE_BYTES || sent == taken)
        return 0;
    draft_complain(r->draft, to, at, "it takes %s, but '%s' sends %s: put a stage between them that converts",
                   type_name(taken), from->name, type_name(sent));
    return -EINVAL;
}

static int check_twice(struct reader *r, const struct edge *e, struct position at)
{
    const struct wiring *w = r->wiring;
    const struct stage *from = stage_at(r, e->from);
    for (uint32_t i = 0; i < w->n && from->description; i++)
        if (w->edges[i].to == e->to && w->edges[i].from == e->from && w->edges[i].from_port == e->from_port) {
            draft_complain(r->draft, stage_at(r, e->to), at, "it reads from '%s' twice", from->name);
            return -EINVAL;
        }
    return 0;
}

static void connect_stages(struct reader *r, const struct edge *e, struct position at)
{
    struct wiring *w = r->wiring;
    if (check_types(r, e, at) || check_twice(r, e, at))
        return;
    if (w->n == PIPELINE_EDGES_MAX) {
        draft_complain(r->draft, stage_at(r, e->to), at, "a pipeline has at most %d inputs in all", PIPELINE_EDGES_MAX);
        return;
    }
    w->places[w->n] = at;
    w->edges[w->n++] = *e;
}

static void add_edge(struct reader *r, uint32_t index, const struct input *input)
{
    struct edge edge = {.to = index, .when_full = input->when_full};
    if (find_output(r, index, input, &edge) == 0 && find_input(r, input, &edge) == 0)
        connect_stages(r, &edge, input->from_at);
}

static enum when_full when_full_of(struct reader *r, const struct stage *s, const struct setting *setting,
                                   const struct node *n, enum when_full otherwise)
{
    struct rule rule = rule_of_setting(setting);
    struct option_value v = {0};
    if (!n || rule_apply(r->draft, (struct subject){s, setting->key}, &rule, n, &v))
        return otherwise;
    return (enum when_full)v.integer;
}

static const char *text_setting(struct reader *r, const struct stage *s, const struct setting *setting,
                                const struct node *n)
{
    struct rule rule = rule_of_setting(setting);
    struct option_value v = {0};
    return n && rule_apply(r->draft, (struct subject){s, setting->key}, &rule, n, &v) == 0 ? v.text : NULL;
}

static void add_group(struct reader *r, uint32_t index, const struct node *group, struct input input)
{
    const struct stage *s = stage_at(r, index);
    const struct node *from = node_child(group, "from"), *port = node_child(group, "port");
    for (const struct node *n = group->first; n; n = n->next)
        if (setting_index(input_settings, INPUT_SETTINGS, n->key) < 0)
            draft_complain(r->draft, s, n->key_at, "unknown setting '%s' in inputs%s", n->key,
                           draft_hint(r->draft, setting_nearest(input_settings, INPUT_SETTINGS, n->key)));
    if (!from)
        draft_complain(r->draft, s, group->at, "an input needs from = \"stage\" or from = \"stage.port\"");
    input.when_full =
        when_full_of(r, s, &input_settings[INPUT_WHEN_FULL], node_child(group, "when_full"), input.when_full);
    input.from = text_setting(r, s, &input_settings[INPUT_FROM], from);
    input.port = text_setting(r, s, &input_settings[INPUT_PORT], port);
    if (!input.from || (port && !input.port))
        return;
    input.from_at = from->at;
    input.port_at = port ? port->at : from->at;
    add_edge(r, index, &input);
}

static void add_inputs(struct reader *r, uint32_t index, const struct node *inputs, enum when_full when_full)
{
    const struct stage *s = stage_at(r, index);
    uint32_t count = 0;
    if (inputs->type != NODE_LIST && inputs->type != NODE_WORD) {
        draft_complain(r->draft, s, inputs->at, "inputs must be a list, as [ \"stage\", \"other.port\" ], but is %s",
                       node_phrase(inputs, r->draft->region));
        return;
    }
    if (!inputs->first)
        draft_complain(r->draft, s, inputs->at, "inputs is empty: name the stages to read from, or leave it out");
    for (const struct node *n = inputs->first; n; n = n->next, count++) {
        struct input input = {n->text, NULL, when_full, n->at, n->at};
        if (count == STAGE_INPUTS_MAX) {
            draft_complain(r->draft, s, n->at, "a stage has at most %d inputs", STAGE_INPUTS_MAX);
            return;
        }
        if (n->type == NODE_GROUP)
            add_group(r, index, n, input);
        else if (n->type == NODE_STRING || n->type == NODE_WORD)
            add_edge(r, index, &input);
        else
            draft_complain(r->draft, s, n->at,
                           "an input must be a string or a group { from; port; when_full; }, but is %s",
                           node_phrase(n, r->draft->region));
    }
}

static int may_send(const struct stage *s)
{
    return !s->description || s->description->n_outputs > 0;
}

static void add_default_input(struct reader *r, uint32_t index, enum when_full when_full)
{
    struct draft *d = r->draft;
    const struct stage *s = stage_at(r, index);
    struct position at = draft_stage_place(d, index);
    struct edge edge = {.from = index - 1, .to = index, .when_full = when_full};
    if (index > 0 && may_send(s - 1))
        connect_stages(r, &edge, at);
    else if (!s->description)
        return; /* it may be meant to be a source; that it is not known was complained of */
    else if (index > 0)
        draft_complain(d, s, at, "the stage before, '%s', is a sink and sends nothing: set inputs", s[-1].name);
    else
        draft_complain(d, s, at, "it is the first stage, but %s is not a source: put a source before it, or set inputs",
                       s->processor);
}

static void refuse_for_source(struct reader *r, uint32_t index, enum stage_setting which)
{
    const struct node *n = draft_stage_node(r->draft, index, which);
    const struct stage *s = stage_at(r, index);
    if (n)
        draft_complain(r->draft, s, n->key_at, "%s is a source, so %s has no meaning here: take it out", s->processor,
                       stage_settings[which].key);
}

static void read_stage(struct reader *r, uint32_t index)
{
    struct draft *d = r->draft;
    const struct node *inputs = draft_stage_node(d, index, STAGE_INPUTS);
    const struct node *node = draft_stage_node(d, index, STAGE_WHEN_FULL);
    const struct stage *s = stage_at(r, index);
    if (s->is_source) {
        refuse_for_source(r, index, STAGE_INPUTS);
        refuse_for_source(r, index, STAGE_WHEN_FULL);
        refuse_for_source(r, index, STAGE_QUEUE);
        return;
    }
    if (s->description && s->description->n_inputs == 0) {
        draft_complain(d, s, draft_stage_place(d, index),
                       "%s has no input port and is not a source: tell the author of the pack", s->processor);
        return;
    }
    enum when_full when_full = when_full_of(r, s, &stage_settings[STAGE_WHEN_FULL], node, WHEN_FULL_BLOCK);
    if (inputs)
        add_inputs(r, index, inputs, when_full);
    else
        add_default_input(r, index, when_full);
}

int inputs_read(struct draft *d, struct wiring *out)
{
    struct reader r = {.draft = d, .wiring = out};
    size_t complaints = d->complaints->n;
    out->n = 0;
    out->edges = region_alloc(d->region, PIPELINE_EDGES_MAX * sizeof *out->edges);
    out->places = region_alloc(d->region, PIPELINE_EDGES_MAX * sizeof *out->places);
    for (uint32_t i = 0; i < d->pipeline->n_stages; i++)
        r.names[i] = d->pipeline->stages[i].name;
    for (uint32_t i = 0; i < d->pipeline->n_stages; i++)
        read_stage(&r, i);
    return d->complaints->n > complaints ? -EINVAL : 0;
}
