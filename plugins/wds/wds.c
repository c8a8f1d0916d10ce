/* SPDX-License-Identifier: Apache-2.0 */
#include "wds.h"

MPIPE_PLUGIN("wds", "1.0.0", &wds_write)
