"""What a peer says no with, as bounded words that may become labels. Values are those of PS3.8 and PS3.7.

A value that the standard reserves is `reserved`: still a no, and a word of ours rather than a number of theirs.
"""

from __future__ import annotations

from collections.abc import Mapping

RESERVED = "reserved"

REJECT_RESULTS: Mapping[int, str] = {1: "rejected_permanent", 2: "rejected_transient"}
"""A-ASSOCIATE-RJ, result (PS3.8 table 9-21)."""

REJECT_SOURCES: Mapping[int, str] = {1: "service_user", 2: "service_provider_acse", 3: "service_provider_presentation"}
"""A-ASSOCIATE-RJ, source (PS3.8 table 9-21)."""

REJECT_REASONS: Mapping[tuple[int, int], str] = {
    (1, 1): "no_reason_given",
    (1, 2): "application_context_not_supported",
    (1, 3): "calling_ae_not_recognized",
    (1, 7): "called_ae_not_recognized",
    (2, 1): "no_reason_given",
    (2, 2): "protocol_version_not_supported",
    (3, 1): "temporary_congestion",
    (3, 2): "local_limit_exceeded",
}
"""A-ASSOCIATE-RJ, reason by source and number (PS3.8 table 9-21)."""

CONTEXT_RESULTS: Mapping[int, str] = {
    0: "acceptance",
    1: "user_rejection",
    2: "no_reason",
    3: "abstract_syntax_not_supported",
    4: "transfer_syntaxes_not_supported",
}
"""Result/reason of a presentation context (PS3.8 table 9-18)."""

ABORT_SOURCES: Mapping[int, str] = {0: "service_user", 2: "service_provider"}
"""A-ABORT, source (PS3.8 table 9-26)."""

ABORT_REASONS: Mapping[int, str] = {
    0: "reason_not_specified",
    1: "unrecognized_pdu",
    2: "unexpected_pdu",
    4: "unrecognized_pdu_parameter",
    5: "unexpected_pdu_parameter",
    6: "invalid_pdu_parameter_value",
}
"""A-ABORT, reason where the source is the provider; a user's has no meaning (PS3.8 table 9-26)."""

STATUSES: Mapping[int, str] = {
    0x0000: "success",
    0x0122: "sop_class_not_supported",
    0x0210: "duplicate_invocation",
    0x0211: "unrecognized_operation",
    0x0212: "mistyped_argument",
}
"""Status of a C-ECHO (PS3.7 section 9.1.5.1.4)."""

OTHER_STATUS = "other_status"


def status(number: int) -> str:
    """The word for the status of a C-ECHO."""
    return STATUSES.get(number, OTHER_STATUS)
