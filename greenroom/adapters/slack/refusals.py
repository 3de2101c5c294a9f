"""Slack's own words for what went wrong, by what can be done about them.

Every error that Slack documents for the methods that we call stands here; a test holds the
list. What Slack invents later is dropped, with its word in the message.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TOKENS_PAGE: Final = "api.slack.com/apps, your app, OAuth & Permissions"

_NEW_TOKEN: Final = f"copy the Bot User OAuth Token (xoxb-…) from {TOKENS_PAGE}"
_CREDENTIALS: Final = "copy Client ID and Client Secret from Basic Information, App Credentials"
_ADMIN: Final = "ask a workspace admin"
_OURS: Final = "Slack cannot read the request: this is a fault of Greenroom's, please report it"
_SHARING: Final = "the workspaces of a shared channel forbid sharing it"

CONFIG: Final[Mapping[str, tuple[str, str]]] = {
    "invalid_auth": ("does not accept the token", _NEW_TOKEN),
    "not_authed": ("was given no token", _NEW_TOKEN),
    "account_inactive": ("says the token's account is switched off", _NEW_TOKEN),
    "token_revoked": ("says the token was revoked", _NEW_TOKEN),
    "token_expired": ("says the token expired", _NEW_TOKEN),
    "not_allowed_token_type": (
        "takes another kind of token here",
        "token: xoxb-… (bot), app_token: xapp-… (Basic Information, App-Level Tokens), "
        "user_token: xoxp-… (an admin's)",
    ),
    "is_bot": ("takes no bot's token here", "user_token: xoxp-… (an admin's)"),
    "org_login_required": ("asks for a sign-in to the organisation", _NEW_TOKEN),
    "two_factor_setup_required": (
        "asks the token's owner to set up two-factor authentication",
        "set it up in Slack's account settings",
    ),
    "ekm_access_denied": ("lets nobody post: an admin suspended it", _ADMIN),
    "access_denied": ("denies the app access", _ADMIN),
    "accesslimited": ("does not answer on this machine's network", "ask an org admin"),
    "enterprise_is_restricted": ("cannot be called from an organisation", "ask an org admin"),
    "team_access_not_granted": ("did not grant the app this workspace", "ask an org admin"),
    "app_access_restricted": ("restricts the app in this workspace", _ADMIN),
    "forbidden_team": ("does not let the app run in this workspace", _ADMIN),
    "insecure_request": ("was called without TLS", "endpoints.api with https://"),
    "upgrade_required": ("refuses old TLS", "a newer Python, whose OpenSSL is newer as well"),
    "bad_client_secret": ("does not accept install.client_secret", _CREDENTIALS),
    "invalid_client_id": ("does not know install.client_id", _CREDENTIALS),
    "bad_redirect_uri": (
        "does not know install.redirect",
        f"add that address under Redirect URLs at {TOKENS_PAGE}, press Save URLs",
    ),
    "oauth_authorization_url_mismatch": (
        "wants another authorize page for this app",
        "endpoints.authorize: https://slack.com/oauth/v2/authorize",
    ),
    "no_scopes": ("was asked for no scope", "install.scopes with at least one"),
    "cannot_install_an_org_installed_app": (
        "has the app in the whole organisation already",
        "ask an org admin to grant it the workspace",
    ),
    "pkce_not_allowed": ("wants PKCE switched off for the app", "your app's OAuth settings"),
    "preview_feature_not_available": ("does not offer that to the app", _ADMIN),
    "user_email_unverified": ("wants the installer's e-mail address confirmed", "confirm it"),
}

RETRY: Final = frozenset(
    {
        "ratelimited",
        "rate_limited",
        "message_limit_exceeded",
        "internal_error",
        "fatal_error",
        "service_unavailable",
        "request_timeout",
        "team_added_to_org",
        "external_channel_migrating",
        "fetch_members_failed",
        "list_record_comment_fetch_failed",
        "streaming_state_conflict",
        "update_failed",
    }
)

NEVER_BEGUN: Final = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
"""Refused before anything was done."""

_MALFORMED: Final = (
    "as_user_not_supported",
    "attachment_payload_limit_exceeded",
    "bad_timestamp",
    "block_mismatch",
    "deprecated_endpoint",
    "draft_already_deleted",
    "draft_already_sent",
    "draft_has_conflict",
    "draft_not_found",
    "duplicate_channel_not_found",
    "duplicate_external_id",
    "duplicate_message_not_found",
    "file_comment_not_found",
    "invalid_arg_name",
    "invalid_arguments",
    "invalid_array_arg",
    "invalid_attachments",
    "invalid_blocks",
    "invalid_blocks_format",
    "invalid_charset",
    "invalid_code_verifier",
    "invalid_cursor",
    "invalid_form_data",
    "invalid_grant_type",
    "invalid_json",
    "invalid_limit",
    "invalid_metadata_filter_keys",
    "invalid_metadata_format",
    "invalid_metadata_schema",
    "invalid_post_type",
    "invalid_refresh_token",
    "invalid_ts_latest",
    "invalid_ts_oldest",
    "invalid_types",
    "invalid_user_combination",
    "json_not_object",
    "markdown_text_conflict",
    "metadata_must_be_sent_from_app",
    "metadata_too_large",
    "method_deprecated",
    "missing_args",
    "missing_argument",
    "missing_charset",
    "missing_file_data",
    "missing_post_type",
    "msg_blocks_too_long",
    "no_dual_broadcast_content_update",
    "no_item_specified",
    "not_enough_users",
    "send_on_behalf_not_allowed",
    "superfluous_charset",
    "too_many_attachments",
    "too_many_contact_cards",
    "too_many_users",
    "unknown_method",
    "users_list_not_supplied",
    "view_too_large",
)

_WORDS: Final[Mapping[str, str]] = {
    "already_reacted": "the bot has reacted with it already",
    "blocked_file_type": "the workspace forbids files of that type",
    "cannot_dm_bot": "Slack lets bots send no messages to bots",
    "cannot_reply_to_message": "Slack takes no replies to that kind of message",
    "cant_broadcast_message": "Slack shows that reply in its thread alone",
    "cant_delete_message": "the user_token's owner may not delete it; take a workspace owner's",
    "cant_kick_from_general": "nobody can be taken out of the workspace's general channel",
    "cant_kick_self": "a bot cannot take itself out",
    "cant_update_message": "the message is not ours",
    "channel_is_limited_access": "the channel belongs to a record that the bot may not see",
    "channel_not_found": "the channel is gone or private; invite the bot: /invite @Greenroom",
    "compliance_exports_prevent_deletion": "the workspace's compliance exports forbid deletion",
    "edit_window_closed": "the workspace lets messages be changed for a while only",
    "exchanged_trigger_id": "the form was opened already",
    "expired_trigger_id": "more than 3 s went by since the press",
    "file_deleted": "the file is gone",
    "file_is_deleted": "the file is gone",
    "file_not_found": "the file is gone",
    "file_share_limit_reached": "the file is shared in too many places",
    "invalid_code": "the code is used up or too old; begin the installation again",
    "invalid_name": "Slack knows no emoji of that name",
    "invalid_trigger_id": "more than 3 s went by since the press",
    "is_archived": "the channel is archived",
    "is_inactive": "the channel is archived",
    "max_file_sharing_exceeded": "the file is shared in too many places",
    "message_not_found": "the message is gone",
    "messages_tab_disabled": "the app takes no direct messages; switch on App Home, Messages Tab",
    "method_not_supported_for_channel_type": "Slack does not do that in a channel of that kind",
    "msg_too_long": "the text is too long for Slack",
    "no_access": "the bot may not see the message",
    "no_permission": "the bot may not; invite it: /invite @Greenroom",
    "no_reaction": "the bot has not reacted with it",
    "no_text": "there is no text to send",
    "not_in_channel": "the bot is not in the channel; invite it: /invite @Greenroom",
    "not_reactable": "Slack takes no reactions to that kind of message",
    "posting_to_channel_denied": "a workspace setting forbids it; ask a workspace admin",
    "restricted_action": "a workspace setting forbids it; ask a workspace admin",
    "restricted_action_non_threadable_channel": "the channel takes no replies in threads",
    "restricted_action_read_only_channel": "the channel is read-only for the bot",
    "restricted_action_thread_locked": "the thread is locked",
    "restricted_action_thread_only_channel": "the channel takes replies in threads only",
    "team_not_found": "the workspace is gone",
    "thread_locked": "the thread is locked",
    "thread_not_found": "the thread is gone",
    "too_many_emoji": "the message has all the reactions that Slack allows",
    "too_many_members": "the channel is full",
    "too_many_reactions": "the message has all the reactions that Slack allows",
    "unable_to_share_files": "the bot may not share the file",
    "user_disabled": "the member's account is switched off",
    "user_is_bot": "Slack does not let a bot do that",
    "user_is_restricted": "Slack does not let a guest do that",
    "user_is_ultra_restricted": "Slack does not let a guest do that",
    "user_not_found": "the member is gone",
    "user_not_in_channel": "the member is not in the channel any more",
    "user_not_visible": "the bot may not see the member",
    "slack_connect_blocked_file_type": _SHARING,
    "slack_connect_canvas_sharing_blocked": _SHARING,
    "slack_connect_clip_sharing_blocked": _SHARING,
    "slack_connect_file_link_sharing_blocked": _SHARING,
    "slack_connect_file_upload_sharing_blocked": _SHARING,
    "slack_connect_lists_sharing_blocked": _SHARING,
}

DROP: Final[Mapping[str, str]] = {**dict.fromkeys(_MALFORMED, _OURS), **_WORDS}
