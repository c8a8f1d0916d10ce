/* SPDX-License-Identifier: Apache-2.0
 *
 * The processors of this pack, one a file.
 */
#ifndef WDS_H
#define WDS_H

#include <micropipe/micropipe.h>

extern const mpipe_processor wds_write;

#endif
