// A catalogue of made-up processors, so that the checker is tested without a plugin.
//
//     files.read (source)   path (must exist), include, recursive, max_size        -> out
//     files.write (sink)    path, mode                                          in ->
//     text.lines (source)   path, batch                                            -> out: text
//     text.upper                                                          in: text -> out: text
//     image.decode          max_pixels                                          in -> out: image
//     image.resize          shorter, filter, gamma                       in: image -> out: image
//     image.encode          format, quality                              in: image -> out
//     core.take             count                                               in -> out
//     core.batch            size, timeout                                       in -> out
//     core.null (sink)                                                          in ->
//     test.serial                                                               in -> out
//     test.split                                                  in -> out, errors, side (optional)
//     test.join                                  left, right, side (optional) -> out
//     test.all              one option of each type                             in -> out
//     test.broken           an option with an impossible default                in -> out
#ifndef FAKE_CATALOGUE_H
#define FAKE_CATALOGUE_H

extern "C" {
#include "catalogue.h"
}

#endif
