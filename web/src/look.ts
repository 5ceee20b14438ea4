// Web Chat's style, in the colours of style.css: one set of variables for light, dark and high contrast.
import type { StyleOptions } from 'botframework-webchat';

const bubble = {
  bubbleBackground: 'var(--theirs)',
  bubbleBorderRadius: 14,
  bubbleBorderWidth: 0,
  bubbleTextColor: 'var(--ink)',
  bubbleFromUserBackground: 'var(--ours)',
  bubbleFromUserBorderRadius: 14,
  bubbleFromUserBorderWidth: 0,
  bubbleFromUserTextColor: 'var(--on-ours)',
  bubbleMaxWidth: 560,
  bubbleMinHeight: 36,
};

const sendBox = {
  sendBoxBackground: 'var(--paper)',
  sendBoxTextColor: 'var(--ink)',
  sendBoxPlaceholderColor: 'var(--quiet)',
  sendBoxButtonColor: 'var(--accent)',
  sendBoxButtonColorOnHover: 'var(--accent)',
  sendBoxButtonColorOnFocus: 'var(--accent)',
  sendBoxButtonColorOnDisabled: 'var(--quiet)',
  sendBoxBorderTop: '1px solid var(--line)',
  sendBoxTextWrap: true,
  sendBoxHeight: 52,
  sendAttachmentOn: 'send',
  enableUploadThumbnail: false, // it would travel in the activity, which may have 28 kB
  hideUploadButton: false,
} as const;

export const look: StyleOptions = {
  ...bubble,
  ...sendBox,
  accent: 'var(--accent)',
  subtle: 'var(--quiet)',
  backgroundColor: 'var(--paper)',
  primaryFont: 'var(--font)',
  fontSizeSmall: '0.8rem',
  rootHeight: '100%',
  rootWidth: '100%',
  timestampColor: 'var(--quiet)',
  suggestedActionLayout: 'flow',
  suggestedActionBackgroundColor: 'var(--paper)',
  suggestedActionBorderRadius: 18,
  suggestedActionBorderColor: 'var(--accent)',
  suggestedActionTextColor: 'var(--accent)',
};
