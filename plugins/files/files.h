/* SPDX-License-Identifier: Apache-2.0
 *
 * The processors of this pack, one a file.
 */
#ifndef FILES_H
#define FILES_H

#include <micropipe/micropipe.h>

extern const mpipe_processor files_letters;
extern const mpipe_processor files_read;
extern const mpipe_processor files_write;

#endif
