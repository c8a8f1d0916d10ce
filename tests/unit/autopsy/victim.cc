// A plugin, as far as its crashes go: with inlined functions, and names as C++ has them.
namespace outer
{

struct Matrix {
    int *rows;

    void Set(int at, int value) { rows[at] = value; }
};

static inline __attribute__((always_inline)) void Fill(Matrix *m, int n)
{
    for (int i = 0; i < n; i++)
        m->Set(i, i);
}

// Inlined in each other, as many as `depth`, and each a frame of its own.
template <int depth>
static inline __attribute__((always_inline)) void Nest(Matrix *m)
{
    if constexpr (depth > 0)
        Nest<depth - 1>(m);
    else
        Fill(m, 2);
}

} // namespace outer

#define EXPORTED extern "C" __attribute__((visibility("default")))

EXPORTED void victim_fill(void *rows)
{
    outer::Matrix m = {static_cast<int *>(rows)};
    outer::Fill(&m, 1);
}

EXPORTED __attribute__((noinline)) void victim_nest(void *rows)
{
    outer::Matrix m = {static_cast<int *>(rows)};
    outer::Nest<60>(&m);
}

EXPORTED void victim_nest_called(void *rows)
{
    victim_nest(rows);
    asm volatile("");
}

EXPORTED int victim_recurse(int n)
{
    int more = n > 0 ? victim_recurse(n - 1) : *reinterpret_cast<volatile int *>(16);
    asm volatile("" : "+r"(more));
    return more + 1;
}

EXPORTED void victim_call(void (*function)())
{
    function();
    asm volatile("");
}

// A name that looks like one of C++, and is none.
EXPORTED void _Zombie(void *rows)
{
    *static_cast<volatile int *>(rows) = 1;
}
