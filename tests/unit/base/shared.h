// Memory that the test and its forked children share.
#ifndef SHARED_H
#define SHARED_H

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <stdexcept>

// An array of n T, zero at first, aligned to a page. Shared with the children that are forked after it was made.
template <typename T>
class Shared
{
  public:
    explicit Shared(size_t n = 1) : bytes_(n * sizeof(T)) { Map(); }

    // Room for one T and what follows it.
    static Shared WithBytes(size_t bytes) { return Shared(bytes, 0); }

    Shared(const Shared &) = delete;
    Shared &operator=(const Shared &) = delete;
    ~Shared() { munmap(memory_, bytes_); }

    T *get() const { return static_cast<T *>(memory_); }
    T *operator->() const { return get(); }
    T &operator*() const { return *get(); }
    T &operator[](size_t i) const { return get()[i]; }

  private:
    Shared(size_t bytes, int) : bytes_(bytes) { Map(); }

    void Map()
    {
        memory_ = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (memory_ == MAP_FAILED)
            throw std::runtime_error("mmap");
    }

    size_t bytes_;
    void *memory_ = nullptr;
};

#endif
