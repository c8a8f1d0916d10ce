#include "symbols.h"

#include <dwarf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A chain of inlined functions, innermost first. */
struct chain {
    Dwarf_Die *scopes; /* to free(); n of them, from the block at the address outwards */
    int n;
};

static void put_name(struct report_frame *f, const char *name, symbols_demangle *demangle)
{
    char *plain = name && demangle && strncmp(name, "_Z", 2) == 0 ? demangle(name, NULL, NULL, NULL) : NULL;
    snprintf(f->function, sizeof f->function, "%s", plain ? plain : name ? name : "");
    free(plain);
}

/* `file` may be NULL, and `line` 0: then neither is known, whatever was there. */
static void put_file(struct report_frame *f, const char *file, int line)
{
    int is_known = file && line > 0;
    snprintf(f->file, sizeof f->file, "%s", is_known ? file : "");
    f->line = is_known ? (uint32_t)line : 0;
}

/* The name of a function as the linker knows it, which has the namespaces in it; else as the source does. `symbol`, of
 * the symbol table at the address, may be another function's, or NULL. */
static const char *name_of(Dwarf_Die *function, const char *symbol)
{
    Dwarf_Attribute attribute;
    const char *name = dwarf_formstring(dwarf_attr_integrate(function, DW_AT_linkage_name, &attribute));
    if (name)
        return name;
    name = dwarf_diename(function);
    return name && symbol && strncmp(symbol, "_Z", 2) == 0 && strstr(symbol, name) ? symbol : name;
}

static const char *symbol_at(Dwfl_Module *module, Dwarf_Addr address)
{
    GElf_Off offset;
    GElf_Sym symbol;
    return dwfl_module_addrinfo(module, address, &offset, &symbol, NULL, NULL, NULL);
}

/* The blocks and functions around the address, as they lie in each other after inlining. */
static struct chain chain_at(Dwfl_Module *module, Dwarf_Die *unit, Dwarf_Addr address)
{
    struct chain chain = {NULL, 0};
    Dwarf_Die *scopes = NULL;
    Dwarf_Addr bias;
    Dwarf_Die innermost;
    int n = dwarf_getscopes(unit, address, &scopes);
    if (n > 0)
        chain.n = dwarf_getscopes_die(
            dwarf_offdie(dwfl_module_getdwarf(module, &bias), dwarf_dieoffset(&scopes[0]), &innermost), &chain.scopes);
    free(scopes);
    return chain;
}

/* 0: it has none. */
static Dwarf_Word number_of(Dwarf_Die *die, unsigned int name)
{
    Dwarf_Attribute attribute;
    Dwarf_Word value = 0;
    dwarf_formudata(dwarf_attr(die, name, &attribute), &value);
    return value;
}

/* Where the function that was inlined is called from: the place in the frame around it. */
static void put_call(struct report_frame *f, Dwarf_Die *unit, Dwarf_Die *inlined)
{
    Dwarf_Files *files = NULL;
    dwarf_getsrcfiles(unit, &files, NULL);
    put_file(f, dwarf_filesrc(files, number_of(inlined, DW_AT_call_file), NULL, NULL),
             (int)number_of(inlined, DW_AT_call_line));
}

static void put_line(struct report_frame *f, Dwarf_Die *unit, Dwarf_Addr address)
{
    Dwarf_Line *line = dwarf_getsrc_die(unit, address);
    int number = 0;
    dwarf_lineno(line, &number);
    put_file(f, dwarf_linesrc(line, NULL, NULL), number);
}

/* From a module without debugging information, or with it: what the symbol table says; from one whose file is gone, or
 * another one now: what its name was as it was loaded. */
static struct report_frame bare_frame(Dwfl_Module *module, uint64_t address, symbols_demangle *demangle)
{
    struct report_frame f = {.address = address};
    Dwarf_Addr start = 0;
    const char *path = dwfl_module_info(module, NULL, &start, NULL, NULL, NULL, NULL, NULL);
    snprintf(f.module, sizeof f.module, "%s", strrchr(path, '/') + 1); /* libdw takes whole paths only */
    put_name(&f, symbol_at(module, address), demangle);
    f.offset = address;
    if (dwfl_module_relocate_address(module, &f.offset) < 0)
        f.offset = address - start;
    return f;
}

uint32_t symbols_find(Dwfl *files, uint64_t address, symbols_demangle *demangle, struct report_frame *out, uint32_t max)
{
    Dwarf_Addr bias = 0;
    Dwfl_Module *module = dwfl_addrmodule(files, address);
    out[0] = module ? bare_frame(module, address, demangle) : (struct report_frame){.address = address};
    Dwarf_Die *unit = module ? dwfl_module_addrdie(module, address, &bias) : NULL;
    if (!unit)
        return 1;
    uint32_t n = 0;
    struct chain chain = chain_at(module, unit, address - bias);
    put_line(&out[0], unit, address - bias);
    for (int i = 0; i < chain.n; i++) {
        Dwarf_Die *die = &chain.scopes[i];
        int tag = dwarf_tag(die);
        if (tag == DW_TAG_inlined_subroutine && n + 1 < max) {
            out[n + 1] = out[n];
            put_name(&out[n], name_of(die, NULL), demangle);
            out[n].inlined = 1;
            put_call(&out[++n], unit, die);
        } else if (tag == DW_TAG_subprogram) {
            put_name(&out[n], name_of(die, symbol_at(module, address)), demangle);
            break;
        }
    }
    free(chain.scopes);
    return n + 1;
}
