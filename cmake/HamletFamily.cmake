# The sources of a room that holds a family of methods. Its .def names the methods, for C and CMake alike:
#
#   HM_HAMILTONIAN(harmonic)   hamiltonians/hamiltonians.def   hamiltonians/harmonic.c
#   HM_PREDICTOR(linear)       predictors/predictors.def       predictors/linear.c
#   HM_POLICY(periodic)        scheduler/policies.def          scheduler/policy_periodic.c
#
# A method's file is one that defines `const struct hm_<family>_ops hm_<family>_<name>`; it is compiled only if the
# .def names it. All other files of the room are shared parts and always compiled.
#
# hamlet_family(<output variable> <room>/<def file> <family> [<prefix of the method files>])
function(hamlet_family output def family)
  if(NOT EXISTS "${PROJECT_SOURCE_DIR}/${def}")
    message(FATAL_ERROR "${def} is missing: it lists the methods of its folder.")
  endif()
  set_property(DIRECTORY "${PROJECT_SOURCE_DIR}" APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${def}")
  get_filename_component(room "${def}" DIRECTORY)
  string(TOUPPER "HM_${family}" macro)

  file(STRINGS "${PROJECT_SOURCE_DIR}/${def}" lines REGEX "^[ \t]*${macro}[ \t]*\\(")
  set(listed "")
  foreach(line IN LISTS lines)
    if(NOT line MATCHES "^[ \t]*${macro}[ \t]*\\([ \t]*([a-z0-9_]+)[ \t]*\\)[ \t]*(//.*)?$")
      message(FATAL_ERROR "${def}: cannot read `${line}`: a line is ${macro}(name), and a // comment if need be.")
    endif()
    set(file "${room}/${ARGN}${CMAKE_MATCH_1}.c")
    if(NOT EXISTS "${PROJECT_SOURCE_DIR}/${file}")
      message(FATAL_ERROR "${def} names ${CMAKE_MATCH_1}, but ${file} does not exist.")
    endif()
    list(APPEND listed "${file}")
  endforeach()

  file(GLOB files CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}" "${PROJECT_SOURCE_DIR}/${room}/*.c")
  set(sources ${listed})
  foreach(file IN LISTS files)
    if(file IN_LIST listed)
      continue()
    endif()
    file(STRINGS "${PROJECT_SOURCE_DIR}/${file}" methods
         REGEX "^const struct hm_${family}_ops hm_${family}_[a-z0-9_]+ *=")
    if(methods)
      message(STATUS "${file} is left out: ${def} does not name it")
    else()
      list(APPEND sources "${file}")
    endif()
  endforeach()
  set(${output} ${sources} PARENT_SCOPE)
endfunction()
