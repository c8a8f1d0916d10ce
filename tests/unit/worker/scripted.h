// Processors whose process(), or run(), is a function of the test's.
#ifndef SCRIPTED_H
#define SCRIPTED_H

#include <micropipe/io.h>
#include <micropipe/processor.h>

#include <functional>

struct Script {
    std::function<mpipe_status(const mpipe_io *io, mpipe_frame *frame)> process;
    std::function<mpipe_status(const mpipe_io *io)> flush = [](const mpipe_io *) { return MPIPE_OK; };
    std::function<void()> open = [] {};
    std::function<mpipe_status(const mpipe_io *io)> run;
};

// `shared` is the Script.
extern "C" const mpipe_processor scripted, scripted_mutates, scripted_pull;

#endif
