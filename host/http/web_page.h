/* The page: one HTML file with all that it needs, put into the program when it is built. Pure, but for a random number.
 */
#ifndef WEB_PAGE_H
#define WEB_PAGE_H

enum { WEB_PAGE_NONCE = 33 };

/* The page with a nonce that its scripts and styles carry, so that a browser runs these and no others. To be freed;
 * NULL: there is no memory, or no random number. */
char *web_page_make(char nonce[WEB_PAGE_NONCE]);

#endif
