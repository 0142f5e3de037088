// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

// `abi.encode(Tensor[])`, canonical, in the release's declared order.
uint8 constant CODEC_TENSORS = 1;
