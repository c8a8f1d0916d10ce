/* A plugin without debugging information, symbols and unwinding tables: what is left is frame pointers. */
__attribute__((noinline)) static void write_to(volatile int *place)
{
    __asm__ volatile("" : : "r"(__builtin_frame_address(0))); /* else there is none here */
    *place = 1;
}

__attribute__((visibility("default"))) void victim_fill(void *place)
{
    write_to(place);
    __asm__ volatile("");
}
