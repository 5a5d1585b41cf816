// Keeps the number beside the bell true while a page is open. Every page works without it.
(() => {
  const bell = document.querySelector("[data-bell]");
  if (!bell || !("WebSocket" in window)) return;
  const sign = bell.querySelector(".bell-count"), words = bell.querySelector(".unseen");
  let after = "", pause = 1000;
  const show = (unread) => {
    sign.textContent = unread > 99 ? "99+" : unread;
    sign.hidden = !unread;
    words.textContent = unread ? `Notifications, ${unread} unread` : "Notifications";
  };
  const open = () => {
    const address = new URL("/api/v1/notifications/stream", location.href);
    address.protocol = address.protocol.replace("http", "ws");
    if (after) address.searchParams.set("after", after);
    const socket = new WebSocket(address);
    socket.onmessage = (event) => {
      const told = JSON.parse(event.data);
      after = told.cursor;
      pause = 1000;
      show(told.unread);
    };
    socket.onclose = (event) => {
      if (event.code === 4401 || event.code === 4429) return;
      setTimeout(open, pause + Math.random() * 500);
      pause = Math.min(pause * 2, 60000);
    };
  };
  open();
})();
