# cmake -DPAGE=page.html -DOUT=web_page_text.c -P embed.cmake: the page as a C array, with the files in place of the comments
# that name them: <!-- style.css -->.
get_filename_component(folder ${PAGE} DIRECTORY)
file(READ ${PAGE} text)
foreach(part style.css graph.js page.js)
  file(READ ${folder}/${part} inner)
  string(REPLACE "/* ${part} */" "${inner}" text "${text}")
endforeach()
file(WRITE ${OUT}.html "${text}")
file(READ ${OUT}.html hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
string(REGEX REPLACE "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)" "\\1\n" bytes "${bytes}")
file(WRITE ${OUT} "#include \"web_page_text.h\"\nconst char web_page_text[] = {\n${bytes}0};\n")
