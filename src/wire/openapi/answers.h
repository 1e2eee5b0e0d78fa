// What all operations have in common in the document: parameters that are headers, answers that are
// problems, ways to show a credential.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "wire/rest/operation.h"

namespace allauth::wire::openapi {

// Answers one entity, which has an ETag.
bool is_conditional_read(const Operation& operation);

// `fields`, of every GET.
boost::json::object fields_parameter();

// The request headers that an operation heeds, as references.
boost::json::array header_parameters(const Operation& operation);

// The problems that an operation may be answered with, by status, as references.
boost::json::object problems(const Operation& operation);

// The headers of its answer when all went well.
boost::json::object answer_headers(const Operation& operation);

// Of a plain route.
boost::json::object plain_problems();

// What the references above lead to: members of `components`.
boost::json::object parameter_components();
boost::json::object header_components();
boost::json::object problem_components();
boost::json::object problem_schema();
boost::json::object security_components();

}  // namespace allauth::wire::openapi
