/* SPDX-License-Identifier: Apache-2.0 */
#include "files.h"

MPIPE_PLUGIN("files", "1.0.0", &files_letters, &files_read, &files_write)
