# Files as data of a library, so that the program needs nothing beside itself when it runs.
#
#   hamlet_embed(<target> <symbol> <file>)    const unsigned char <symbol>[]; const size_t <symbol>_size;
#
# The bytes are followed by a zero, which the size does not count: text can be read as a string.

set(HAMLET_EMBED_SCRIPT "${CMAKE_CURRENT_LIST_FILE}")

if(CMAKE_SCRIPT_MODE_FILE) # cmake -D FILE= -D SYMBOL= -D OUTPUT= -P HamletEmbed.cmake
  file(READ "${FILE}" bytes HEX)
  string(LENGTH "${bytes}" size)
  math(EXPR size "${size} / 2")
  string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  file(WRITE "${OUTPUT}" "#include <stddef.h>\n\nextern const unsigned char ${SYMBOL}[];\nextern const size_t ${SYMBOL}_size;\n"
       "const unsigned char ${SYMBOL}[] = {\n${bytes}0};\nconst size_t ${SYMBOL}_size = ${size};\n")
  return()
endif()

function(hamlet_embed target symbol file)
  set(source "${CMAKE_CURRENT_BINARY_DIR}/embedded/${symbol}.c")
  add_custom_command(OUTPUT "${source}" DEPENDS "${file}" "${HAMLET_EMBED_SCRIPT}"
    COMMAND "${CMAKE_COMMAND}" -D "FILE=${file}" -D "SYMBOL=${symbol}" -D "OUTPUT=${source}" -P "${HAMLET_EMBED_SCRIPT}"
    COMMENT "Embedding ${file}" VERBATIM)
  target_sources(${target} PRIVATE "${source}")
endfunction()
