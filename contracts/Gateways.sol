// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGateways} from "./interfaces/IGateways.sol";
import {IModelHub, ReleaseTerms} from "./interfaces/IModelHub.sol";
import {IOperators, SignerStatus, Standing} from "./interfaces/IOperators.sol";
import {IProofSettlement} from "./interfaces/IProofSettlement.sol";
import {GatewayUrl} from "./libraries/GatewayUrl.sol";
import {ALL_MODES, Mode} from "./types/Mode.sol";
import {ReleaseId} from "./types/ReleaseId.sol";

/// @title Gateways
/// @notice Owns one address of a gateway per operator, written by the operator's owner. Trusts `Operators`, `ModelHub`
/// and `ProofSettlement` with who could serve.
contract Gateways is IGateways {
    uint256 public constant MAX_GATEWAYS = 8;
    /// @dev Offers looked at for one answer, so that a call stays affordable however many there are.
    uint256 public constant MAX_OFFERS = 128;

    IOperators public immutable OPERATORS;
    IModelHub public immutable HUB;
    IProofSettlement public immutable SETTLEMENT;

    mapping(uint32 operatorId => string url) private _urls;

    constructor(IOperators operators, IModelHub hub, IProofSettlement settlement) {
        OPERATORS = operators;
        HUB = hub;
        SETTLEMENT = settlement;
    }

    /// @inheritdoc IGateways
    function setGateway(uint32 operatorId, string calldata url) external override {
        require(OPERATORS.ownerOf(operatorId) == msg.sender, NotOperatorOwner(operatorId, msg.sender));
        require(bytes(url).length == 0 || GatewayUrl.isValid(url), UrlInvalid(url));
        _urls[operatorId] = url;
        emit GatewaySet(operatorId, url);
    }

    /// @inheritdoc IGateways
    function gatewayOf(uint32 operatorId) external view override returns (string memory) {
        return _urls[operatorId];
    }

    /// @inheritdoc IGateways
    /// @dev Begins elsewhere in the list in each block, since callers ask the first gateway first.
    function gatewaysOf(
        ReleaseId release,
        uint8 modes,
        uint32 operatorId,
        uint256 minStake
    ) external view override returns (string[] memory urls) {
        ReleaseTerms memory terms = HUB.usableTerms(release);
        uint8 backed = modes & terms.modes & _supportedModes();
        uint256 minimum = _highest(minStake, terms.minStake, OPERATORS.minimumStake());
        urls = new string[](MAX_GATEWAYS);
        uint256 found;
        uint256 count = operatorId == 0 ? OPERATORS.offeringCount(release) : 1;
        uint256 looks = count < MAX_OFFERS ? count : MAX_OFFERS;
        for (uint256 i; i < looks && found < MAX_GATEWAYS; ++i) {
            uint32 id = operatorId == 0 ? OPERATORS.offering(release, (block.number + i) % count, 1)[0] : operatorId;
            if (!_couldServe(id, release, backed, minimum)) continue;
            string memory url = _urls[id];
            if (bytes(url).length != 0) urls[found++] = url;
        }
        assembly ("memory-safe") {
            mstore(urls, found)
        }
    }

    function _couldServe(uint32 id, ReleaseId release, uint8 modes, uint256 minimum) private view returns (bool) {
        if (OPERATORS.offerOf(id, release).modes & modes == 0) return false;
        Standing memory standing = OPERATORS.standingById(id);
        return standing.status == SignerStatus.Active && !standing.jailed && OPERATORS.countingStakeOf(id) >= minimum;
    }

    function _supportedModes() private view returns (uint8 modes) {
        modes = ALL_MODES;
        for (uint8 i; i <= uint8(type(Mode).max); ++i) {
            if (!SETTLEMENT.isSupported(Mode(i))) modes &= ~Mode(i).bit();
        }
    }

    function _highest(uint256 a, uint256 b, uint256 c) private pure returns (uint256 highest) {
        highest = a > b ? a : b;
        if (c > highest) highest = c;
    }
}
