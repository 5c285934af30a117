// Before any code of an applet exists here: ways to the network that a content security policy does not govern are taken away.
// The header Connection-Allowlist stops them as well; a browser that does not know the header has only this.
const ways = [
  'RTCPeerConnection',
  'webkitRTCPeerConnection',
  'RTCDataChannel',
  'RTCIceTransport',
  'RTCRtpTransceiver',
  'RTCCertificate',
  'RTCSessionDescription',
  'RTCIceCandidate',
  'SharedWorker',
  'Worker',
  'WebTransport',
  'PaymentRequest',
  'Notification',
  'fetchLater',
];
for (const way of ways) {
  if (!(way in self)) continue;
  delete (self as any)[way];
  if (way in self) Object.defineProperty(self, way, { value: undefined, writable: false, configurable: false });
}
export {};
