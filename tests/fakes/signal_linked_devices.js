'use strict';
/**
 * Linked devices for the Signal server double of the tests, which has none: loaded in front of it (`node -r`).
 *
 * The double's own server knows accounts with several devices; what is missing is the way an account that signal-cli
 * registered gets its second one, and phones that write to all of them. So this adds
 *   1. the three calls of linking: a code for the first device, the sealed message that the first passes to the second,
 *      and the second's own registration;
 *   2. what every phone does: encrypt a message once for each device of whom it writes to, all with one timestamp.
 */
const { PrimaryDevice } = require('@signalapp/mock-server/src/api/primary-device');
const { Server } = require('@signalapp/mock-server');
const { Connection } = require('@signalapp/mock-server/src/server/ws/connection');
const { signalservice: Proto } = require('@signalapp/mock-server/protos/compiled');
const { ServiceIdKind } = require('@signalapp/mock-server/src/types');

/** Account id -> its linked devices, without the first. */
const linked = new Map();
/** Linking in progress: id of the address that the second device was given -> what passes it the sealed message. */
const waiting = new Map();
/** The sessions of a phone -> the linked devices with which it has one. */
const begun = new WeakMap();

const answer = (status, body) => ({
  status,
  headers: ['Content-Type:application/json', `X-Signal-Timestamp:${Date.now()}`],
  body: Buffer.from(JSON.stringify(body)),
});

// The double wants to play the first device itself; here signal-cli is it. Like the real server it does not wait until
// the new device has confirmed its address: signal-cli does not.
Connection.prototype.handleProvision = async function (id) {
  const sealed = new Promise((resolve) => waiting.set(id, resolve));
  const address = Proto.ProvisioningAddress.encode({ address: id }).finish();
  this.send('PUT', '/v1/address', { body: address }).catch(() => {});
  this.send('PUT', '/v1/message', { body: await sealed }).catch(() => {});
};

Server.prototype.provisionDevice = async function (options) {
  const device = await Object.getPrototypeOf(Server.prototype).provisionDevice.call(this, options);
  linked.set(device.aci, [...(linked.get(device.aci) ?? []), device]);
  return device;
};

const ROUTES = [
  [
    /^GET \/v1\/devices\/provisioning\/code$/,
    async (connection) => {
      const { number } = connection.getDevice();
      const verificationCode = await connection.server.getProvisioningCode('linked', number);
      return answer(200, { verificationCode, tokenIdentifier: verificationCode });
    },
  ],
  [
    /^PUT \/v1\/provisioning\/([^/?]+)$/,
    async (connection, request, [, id]) => {
      const pass = waiting.get(id);
      if (!pass) return answer(404, {});
      waiting.delete(id);
      pass(Buffer.from(JSON.parse(Buffer.from(request.body).toString()).body, 'base64'));
      return answer(204, {});
    },
  ],
];

const handleRequest = Connection.prototype.handleRequest;
Connection.prototype.handleRequest = async function (request) {
  const call = `${request.verb} ${(request.path ?? '').split('?')[0]}`;
  for (const [pattern, handle] of ROUTES) {
    const match = pattern.exec(call);
    if (match) return handle(this, request, match);
  }
  return handleRequest.call(this, request);
};

const sendRaw = PrimaryDevice.prototype.sendRaw;
PrimaryDevice.prototype.sendRaw = async function (target, content, options) {
  await sendRaw.call(this, target, content, options);
  // A phone that is installed anew has new sessions.
  if (!begun.has(this.sessions)) begun.set(this.sessions, new Set());
  for (const device of linked.get(target.aci) ?? []) {
    if (!begun.get(this.sessions).has(device)) {
      begun.get(this.sessions).add(device);
      await this.addSingleUseKey(device, await device.popSingleUseKey(ServiceIdKind.ACI), ServiceIdKind.ACI);
    }
    await sendRaw.call(this, device, content, options);
  }
};
