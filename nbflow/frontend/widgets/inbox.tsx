/** The inbox widget: an anywidget model in, a live list with its forms out. */

import { Inbox } from "../components/inbox/Inbox";
import { InboxClient, type InboxPort } from "./inboxClient";
import type { RenderProps } from "./model";
import { mount } from "./mount";

/** Draws one view of an inbox; returns how to take it away again. */
export const renderInbox = (props: RenderProps): (() => void) =>
  mount(
    props,
    (port: InboxPort) => new InboxClient(port),
    (view, client) => <Inbox view={view} actions={client} />,
  );
