// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC7821} from "@openzeppelin/contracts/account/extensions/draft-ERC7821.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ERC1155Holder} from "@openzeppelin/contracts/token/ERC1155/utils/ERC1155Holder.sol";
import {ERC721Holder} from "@openzeppelin/contracts/token/ERC721/utils/ERC721Holder.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title BatchAccount
/// @notice Code for an account to delegate to (EIP-7702), so that it can load results and use them in one transaction:
/// ERC-7821 batches that nobody but the account itself may make. Owns no storage, so that it can be put on and taken
/// off at any time.
contract BatchAccount is ERC7821, ERC721Holder, ERC1155Holder, IERC1271 {
    receive() external payable {}

    /// @inheritdoc IERC1271
    /// @dev With code on it, contracts ask the account and no longer recover its signature themselves.
    function isValidSignature(bytes32 hash, bytes calldata signature) external view override returns (bytes4) {
        (address signer, , ) = ECDSA.tryRecover(hash, signature);
        return signer == address(this) ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }
}
