"""Everything the product can do: each command and query with its handler. The bus knows these and no others."""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, get_type_hints

from application.bus.bus import Registration
from application.contacts import block_user, list_contacts, save_contact
from application.conversation import (
    add_members,
    change_member,
    change_participation,
    count_unread,
    create_group,
    delete_group,
    list_conversations,
    list_members,
    remove_member,
    start_direct_conversation,
    transfer_ownership,
    update_conversation,
)
from application.identity import (
    change_password,
    deactivate_account,
    erase_account,
    export_account,
    find_people,
    log_in,
    log_out,
    my_profile,
    my_settings,
    redact_messages,
    refresh_session,
    register_user,
    sessions,
)
from application.messaging import (
    delete_message,
    edit_message,
    forward_message,
    get_message,
    list_messages,
    list_receipts,
    mark_read,
    react,
    send_message,
    wipe_expired,
)
from application.presence import get_presence
from application.syncing import list_changes, synchronise

Handler = Callable[..., Awaitable[Any]]

COMMANDS: dict[type[Any], Handler] = {
    register_user.RegisterUser: register_user.handle,
    log_in.LogIn: log_in.handle,
    refresh_session.RefreshSession: refresh_session.handle,
    log_out.LogOut: log_out.log_out,
    log_out.LogOutEverywhere: log_out.log_out_everywhere,
    sessions.RevokeSession: sessions.revoke,
    change_password.ChangePassword: change_password.handle,
    my_profile.ChangeMyProfile: my_profile.change,
    my_settings.ChangeMySettings: my_settings.change,
    deactivate_account.DeactivateAccount: deactivate_account.handle,
    erase_account.EraseAccount: erase_account.handle,
    redact_messages.RedactMessages: redact_messages.handle,
    save_contact.SaveContact: save_contact.save,
    save_contact.RemoveContact: save_contact.remove,
    block_user.BlockUser: block_user.block,
    block_user.UnblockUser: block_user.unblock,
    start_direct_conversation.StartDirectConversation: start_direct_conversation.handle,
    create_group.CreateGroup: create_group.handle,
    update_conversation.UpdateConversation: update_conversation.handle,
    add_members.AddMembers: add_members.handle,
    remove_member.RemoveMember: remove_member.remove,
    remove_member.LeaveGroup: remove_member.leave,
    change_member.ChangeMember: change_member.handle,
    transfer_ownership.TransferOwnership: transfer_ownership.handle,
    delete_group.DeleteGroup: delete_group.handle,
    send_message.SendMessage: send_message.handle,
    edit_message.EditMessage: edit_message.handle,
    delete_message.DeleteMessage: delete_message.handle,
    forward_message.ForwardMessage: forward_message.handle,
    react.AddReaction: react.add,
    react.RemoveReaction: react.remove,
    wipe_expired.WipeExpired: wipe_expired.handle,
    mark_read.MarkRead: mark_read.read,
    mark_read.MarkDelivered: mark_read.delivered,
    change_participation.ChangeParticipation: change_participation.change,
    change_participation.ClearConversation: change_participation.clear,
}

QUERIES: dict[type[Any], Handler] = {
    my_profile.GetMyProfile: my_profile.get,
    my_settings.GetMySettings: my_settings.get,
    sessions.ListSessions: sessions.list_mine,
    export_account.ExportAccount: export_account.handle,
    list_contacts.ListContacts: list_contacts.handle,
    find_people.GetUser: find_people.get_one,
    find_people.GetUsers: find_people.get_many,
    find_people.FindPeople: find_people.find,
    list_conversations.ListConversations: list_conversations.list_mine,
    list_conversations.GetConversation: list_conversations.get_one,
    list_members.ListMembers: list_members.handle,
    list_messages.ListMessages: list_messages.handle,
    count_unread.CountUnread: count_unread.handle,
    list_receipts.ListReceipts: list_receipts.handle,
    list_changes.ListChanges: list_changes.handle,
    synchronise.Synchronise: synchronise.handle,
    get_message.GetMessage: get_message.get_one,
    get_message.ListReactions: get_message.list_reactions,
    get_presence.GetPresence: get_presence.handle,
}

PREPARES: dict[type[Any], Handler] = {
    register_user.RegisterUser: register_user.prepare,
    log_in.LogIn: log_in.prepare,
    change_password.ChangePassword: change_password.prepare,
    my_profile.ChangeMyProfile: my_profile.prepare,
    deactivate_account.DeactivateAccount: deactivate_account.prepare,
    erase_account.EraseAccount: erase_account.prepare,
    save_contact.SaveContact: save_contact.prepare,
    update_conversation.UpdateConversation: update_conversation.prepare,
    change_member.ChangeMember: change_member.prepare,
}
"""What a command does before its transaction opens."""

REPEATS: dict[type[Any], Handler] = {
    send_message.SendMessage: send_message.repeat,
    forward_message.ForwardMessage: forward_message.repeat,
}
"""How a command that carries its own idempotency key finds its earlier answer."""


def register(ports: Mapping[type[Any], Any]) -> dict[type[Any], Registration]:
    """Every handler with the ports its keyword parameters name by type.

    Raises ``TypeError`` for a message without access and for a port nobody supplies.
    """
    registrations = {}
    for message, handler in (COMMANDS | QUERIES).items():
        if message.access is None:
            raise TypeError(f"{message.__name__} does not say who may")
        registrations[message] = Registration(
            handle=handler,
            ports=_supplied(handler, ports),
            repeat=REPEATS.get(message),
            prepare=PREPARES.get(message),
            prepare_ports=_supplied(PREPARES[message], ports) if message in PREPARES else {},
        )
    return registrations


def _supplied(handler: Handler, ports: Mapping[type[Any], Any]) -> dict[str, Any]:
    hints = get_type_hints(handler)
    wanted = [
        parameter.name
        for parameter in inspect.signature(handler).parameters.values()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY and parameter.name != "prepared"
    ]
    missing = [hints[name].__name__ for name in wanted if hints[name] not in ports]
    if missing:
        raise TypeError(f"{handler.__module__}.{handler.__name__} needs {', '.join(missing)}")
    return {name: ports[hints[name]] for name in wanted}
